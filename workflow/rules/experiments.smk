rule run:
    input:
        dataset,
    output:
        RUN_FILES,
        provenance="results/provenance/{experiment}/{variant}.json",
    params:
        parameters=lambda wildcards: parameters(wildcards).model_dump(),
        seed_base=config["seed_base"],
        pins=pins,
        code=code("run"),
        record=fingerprint("relearn.runs.record", "write"),
    log:
        "results/logs/run/{experiment}/{variant}.log",
    benchmark:
        "results/benchmarks/run/{experiment}/{variant}.tsv"
    threads: 1
    conda:
        "../envs/relearn.yaml"
    message:
        "run {wildcards.experiment}/{wildcards.variant}"
    script:
        "../scripts/run.py"


rule draw:
    input:
        lambda wildcards: runs_of(wildcards.experiment),
    output:
        FIGURE_FILES,
    params:
        variants=lambda wildcards: variants(wildcards.experiment),
        code=code("draw"),
    log:
        "results/logs/draw/{experiment}.log",
    benchmark:
        "results/benchmarks/draw/{experiment}.tsv"
    threads: 1
    conda:
        "../envs/relearn.yaml"
    message:
        "draw {wildcards.experiment}"
    script:
        "../scripts/draw.py"


rule judge:
    input:
        lambda wildcards: runs_of(wildcards.experiment),
    output:
        "results/effects/{experiment}.json",
    params:
        variants=lambda wildcards: variants(wildcards.experiment),
        code=code("judge"),
    log:
        "results/logs/judge/{experiment}.log",
    benchmark:
        "results/benchmarks/judge/{experiment}.tsv"
    threads: 1
    conda:
        "../envs/relearn.yaml"
    message:
        "judge {wildcards.experiment}"
    script:
        "../scripts/judge.py"
