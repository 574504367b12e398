# SPDX-License-Identifier: Apache-2.0
"""The reset time where none is configured: that of the cluster's deployment, if a deployment wrote it down."""

import datetime

import pytest

from stack.receivers import parse_exposition

RESET = "slurm_exporter_history_reset_timestamp_seconds"


# A mount that nobody else sees. Where / is not a mount point (a chroot), it is private already.
SCRIPT = """\
mount --make-rprivate / 2>/dev/null
mount -t tmpfs tmpfs /opt && mkdir -p /opt/azurehpc/slurm &&
	printf '%s\\n' "$0" >/opt/azurehpc/slurm/cluster_deploy_time && exec "$@"
"""


def dry_run(stack, binary, text):
    """--dry-run where /opt is a file system of its own, with that file of the deployment in it."""
    done = stack.slurm.run("unshare", "--mount", "--propagation", "unchanged", "sh", "-c", SCRIPT, text,
                           binary, "--config.file=", "--dry-run", check=False)
    return done.returncode, parse_exposition(done.stdout, ()), done.stderr


@pytest.mark.parametrize("form, hours_ahead", [("%Y-%m-%dT%H:%M:%S", 0), ("%Y-%m-%dT%H:%M:%SZ", 0),
                                               ("%Y-%m-%dT%H:%M:%S+01:00", 1)])
def test_history_counts_from_the_deployment_which_is_utc_without_a_zone(shared_stack, binary, form, hours_ahead):
    deployed = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) - datetime.timedelta(days=2)
    text = (deployed + datetime.timedelta(hours=hours_ahead)).strftime(form)
    status, shown, said = dry_run(shared_stack, binary, text)
    assert status == 0, said
    assert list(shown[RESET].values()) == [deployed.timestamp()]
    assert "slurm_jobs_total_submitted" in shown


def test_a_file_of_the_deployment_that_cannot_be_understood_is_told_with_the_remedy(shared_stack, binary):
    status, _, said = dry_run(shared_stack, binary, "yesterday or so")
    assert status == 2
    assert "/opt/azurehpc/slurm/cluster_deploy_time (remove it, or set slurm.reset_time)" in said
