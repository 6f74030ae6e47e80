rule run:
    input:
        lambda wildcards: normalised(datasets(**wildcards)),
    output:
        RUN_FILES,
        provenance="results/provenance/{experiment}/{variant}.json",
    log:
        "results/logs/run/{experiment}/{variant}.log",
    conda:
        "../envs/relearn.yaml"
    threads: 1
    params:
        parameters=lambda wildcards: parameters(**wildcards),
        seed_base=config["seed_base"],
        pins=lambda wildcards: [config["datasets"][name]["files"] for name in datasets(**wildcards)],
        code=code("run"),
        record=CODE["record"],
    message:
        "run {wildcards.experiment}/{wildcards.variant}"
    script:
        "../scripts/run.py"


rule draw:
    input:
        lambda wildcards: runs_of(wildcards.experiment),
    output:
        FIGURE_FILES,
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
