# What is done through an executor that submits jobs, and what such a job asks for.
import math

# Seconds below which a run shares one with others, MiB that Snakemake and the
# fork server take, how much slower than here a processor may be.
SHORT, BESIDE, SLOWER = 60, 1000, 4


localrules:
    fetch,
    normalise,
    draw,
    judge,
    publish,
    seal,
    track,
    build_report,


# A cluster's job reads this file anew, without hooks. It runs its runs itself, forked of a warm
# process: for each Snakemake would start yet another Snakemake, which takes three seconds.
if workflow.remote_exec:

    localrules:
        run,

    if prefix := forkserver.start():
        shell.prefix(prefix)


def cost(wildcards):
    """What a run takes where costs were measured: {"seconds", "mib", "kib"}."""
    return PLAN["experiments"][wildcards.experiment]["costs"][wildcards.variant]


def batch(wildcards):
    """The group of a short run where a profile makes one job of several; None elsewhere."""
    batched = "short" in workflow.group_settings.group_components
    return "short" if batched and cost(wildcards)["seconds"] < SHORT else None


def memory(wildcards, attempt):
    """MiB to ask for: half as much again, beside Snakemake and the process that runs fork from."""
    return attempt * round(BESIDE + 1.5 * cost(wildcards)["mib"])


def minutes(wildcards, attempt):
    """Minutes to ask for: another processor may be several times slower."""
    return attempt * math.ceil(SLOWER * cost(wildcards)["seconds"] / 60)


def gpus(wildcards):
    return int(parameters(**wildcards).get("device") == "cuda")
