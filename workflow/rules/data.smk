rule fetch:
    output:
        expand("data/{{dataset}}/raw/{name}.idx", name=ARRAYS),
    params:
        files=lambda wildcards: config["datasets"][wildcards.dataset]["files"],
    log:
        "results/logs/fetch/{dataset}.log",
    benchmark:
        "results/benchmarks/fetch/{dataset}.tsv"
    threads: 1
    conda:
        "../envs/relearn.yaml"
    message:
        "fetch {wildcards.dataset}"
    script:
        "../scripts/fetch.py"


rule normalise:
    input:
        rules.fetch.output,
    output:
        arrays=expand("data/{{dataset}}/{name}.npy", name=ARRAYS),
        facts="data/{dataset}/normalisation.json",
    params:
        files=lambda wildcards: config["datasets"][wildcards.dataset]["files"],
        code=fingerprint("relearn.data.images", "normalise"),
    log:
        "results/logs/normalise/{dataset}.log",
    benchmark:
        "results/benchmarks/normalise/{dataset}.tsv"
    threads: 1
    conda:
        "../envs/relearn.yaml"
    message:
        "normalise {wildcards.dataset}"
    script:
        "../scripts/normalise.py"
