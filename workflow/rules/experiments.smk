rule run:
    input:
        lambda wildcards: normalised(datasets(**wildcards)),
    output:
        shown(RUN_FILES[0], "run", "values by seed", "{variant}"),
        RUN_FILES[1:],
        provenance="results/provenance/{experiment}/{variant}.json",
    log:
        "results/logs/run/{experiment}/{variant}.log",
    group:
        None if workflow.remote_exec else batch
    conda:
        "../envs/relearn.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
        gpu=gpus,
    params:
        parameters=lambda wildcards: parameters(**wildcards),
        seed_base=config["seed_base"],
        pins=lambda wildcards: [config["datasets"][name]["files"] for name in datasets(**wildcards)],
        code=code("run"),
    message:
        "run {wildcards.experiment}/{wildcards.variant}"
    script:
        "../scripts/run.py"


rule draw:
    input:
        lambda wildcards: runs_of(wildcards.experiment),
    output:
        shown(FIGURE_FILES[0], "figure", "figure"),
        shown(FIGURE_FILES[1], "figure", "what the figure shows"),
        FIGURE_FILES[2:],
    log:
        "results/logs/draw/{experiment}.log",
    conda:
        "../envs/relearn.yaml"
    threads: 1
    params:
        variants=lambda wildcards: variants(wildcards.experiment),
        code=code("draw"),
    message:
        "draw {wildcards.experiment}"
    script:
        "../scripts/draw.py"
