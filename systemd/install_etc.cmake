# SPDX-License-Identifier: Apache-2.0
# Puts the files of /etc where there are none yet, from the PRISTINE copies just installed.
# Only for a system prefix: whoever installs into a folder of their own wants nothing in /etc.
if(NOT CMAKE_INSTALL_PREFIX MATCHES "^/usr(/local)?/?$")
	return()
endif()

function(install_once from to)
	get_filename_component(folder ${to} DIRECTORY)
	get_filename_component(name ${to} NAME)
	if(EXISTS $ENV{DESTDIR}${to} OR IS_SYMLINK $ENV{DESTDIR}${to})
		message(STATUS "Kept: $ENV{DESTDIR}${to}")
		return()
	endif()
	file(INSTALL $ENV{DESTDIR}${PRISTINE}/${from} DESTINATION ${folder} RENAME ${name}
		PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endfunction()

install_once(slurm-pusher.yaml /etc/slurm-pusher/slurm-pusher.yaml)
install_once(slurm-pusher.default /etc/default/slurm-pusher)
file(MAKE_DIRECTORY $ENV{DESTDIR}/etc/slurm-pusher/metrics.d)
