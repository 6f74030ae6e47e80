from snakemake.utils import min_version

min_version("9.0")


configfile: "config/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/cluster.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/experiments.smk"
include: "workflow/rules/results.smk"


rule all:
    default_target: True
    input:
        rules.data.input,
        rules.report.input,
        rules.seal.input,
        rules.seal.output,
        every("results/provenance/{experiment}/{variant}.json"),
        rules.track.output,
    message:
        "everything is there"


onstart:
    try:
        if workflow.local_exec:
            takeover.begin()
            # Each job that ends starts a chain of timers that weigh all waiting jobs anew once a
            # second: of the 26 s that the controller of a smoke build computed, the limiter of
            # submissions took 19.
            workflow.scheduler.job_rate_limiter = None
        else:
            slurm.cancel_left(Path.cwd())
            slurm.mend(workflow.scheduler._executor)
    except RelearnError as error:
        sys.exit(f"relearn: {error}")
    if prefix := forkserver.start():
        shell.prefix(prefix)


onerror:
    script = Path(workflow.basedir, "workflow/scripts/after_failure.py")
    subprocess.run([sys.executable, script], input=json.dumps(config), text=True)
