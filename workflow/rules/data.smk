# `update`, because another checkout may share `data/`: Snakemake would first remove what that one
# is reading.
rule fetch:
    output:
        update(expand("data/{{dataset}}/raw/{name}.idx", name=PLAN["arrays"])),
    log:
        "results/logs/fetch/{dataset}.log",
    conda:
        "../envs/relearn.yaml"
    threads: 1
    params:
        files=lambda wildcards: config["datasets"][wildcards.dataset]["files"],
    message:
        "fetch {wildcards.dataset}"
    script:
        "../scripts/fetch.py"


rule normalise:
    input:
        rules.fetch.output,
    output:
        arrays=update(expand("data/{{dataset}}/{name}.npy", name=PLAN["arrays"])),
        facts=update("data/{dataset}/normalisation.json"),
    log:
        "results/logs/normalise/{dataset}.log",
    conda:
        "../envs/relearn.yaml"
    threads: 1
    params:
        files=lambda wildcards: config["datasets"][wildcards.dataset]["files"],
        code=CODE["normalise"],
    message:
        "normalise {wildcards.dataset}"
    script:
        "../scripts/normalise.py"
