rule run:
    input:
        lambda wildcards: normalised(datasets(**wildcards)),
    output:
        RUN_FILES,
        provenance="results/provenance/{experiment}/{variant}.json",
    log:
        "results/logs/run/{experiment}/{variant}.log",
    benchmark:
        "results/benchmarks/run/{experiment}/{variant}.tsv"
    conda:
        "../envs/relearn.yaml"
    threads: 1
    params:
        parameters=lambda wildcards: parameters(**wildcards).model_dump(),
        seed_base=config["seed_base"],
        pins=lambda wildcards: [config["datasets"][name]["files"] for name in datasets(**wildcards)],
        code=code("run"),
        record=fingerprint("relearn.runs.record", "write"),
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
    benchmark:
        "results/benchmarks/draw/{experiment}.tsv"
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


rule judge:
    input:
        lambda wildcards: runs_of(wildcards.experiment),
    output:
        "results/effects/{experiment}.json",
    log:
        "results/logs/judge/{experiment}.log",
    benchmark:
        "results/benchmarks/judge/{experiment}.tsv"
    conda:
        "../envs/relearn.yaml"
    threads: 1
    params:
        variants=lambda wildcards: variants(wildcards.experiment),
        code=code("judge"),
    message:
        "judge {wildcards.experiment}"
    script:
        "../scripts/judge.py"
