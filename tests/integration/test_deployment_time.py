# SPDX-License-Identifier: Apache-2.0
"""The reset time where none is configured: that of the cluster's deployment, if a deployment wrote it down."""

import datetime

import pytest

from stack.receivers import parse_exposition

RESET = "slurm_exporter_history_reset_timestamp_seconds"


def dry_run(stack, binary, text):
    """--dry-run where /opt is a file system of its own, with that file of the deployment in it."""
    folder = "/opt/azurehpc/slurm"
    script = "mount -t tmpfs tmpfs /opt && mkdir -p %s && printf '%%s\\n' \"$1\" >%s/cluster_deploy_time && " \
        "shift && exec \"$@\"" % (folder, folder)
    done = stack.slurm.run("unshare", "--mount", "sh", "-c", script, "sh", text, binary, "--config.file=",
                           "--dry-run", check=False)
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
