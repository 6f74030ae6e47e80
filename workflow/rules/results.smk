rule data:
    input:
        sorted(
            {
                path
                for experiment in EXPERIMENTS
                for variant in variants(experiment)
                for path in normalised(datasets(experiment, variant))
            }
        ),
    message:
        "the data sets are there"


rule runs:
    input:
        every(RUN_FILES),
    message:
        "the runs are made"


rule figures:
    input:
        every(FIGURE_FILES),
    message:
        "the figures are drawn"


rule claims:
    input:
        "results/claims.json",
    message:
        "the claims are judged"


rule report:
    input:
        "results/report/index.html",
    message:
        "the report is built"


rule judge:
    input:
        every(RUN_FILES),
    output:
        shown_first(update("results/claims.json"), "claims"),
    log:
        "results/logs/judge.log",
    conda:
        "../envs/relearn.yaml"
    threads: 1
    params:
        claims={name: config["experiments"][name]["claims"] for name in EXPERIMENTS},
        variants={name: variants(name) for name in EXPERIMENTS},
        code=[CODE["verdicts"], *codes("judge", EXPERIMENTS)],
    message:
        "judge the claims"
    script:
        "../scripts/judge.py"


rule publish:
    input:
        expand(RUN_FILES, experiment=LISTINGS, variant="published"),
    output:
        shown_first("results/published.json", "published"),
    log:
        "results/logs/publish.log",
    conda:
        "../envs/relearn.yaml"
    threads: 1
    params:
        listings=LISTINGS,
        code=codes("publish", LISTINGS),
    message:
        "publish the listings' numbers"
    script:
        "../scripts/publish.py"


rule seal:
    input:
        every(RUN_FILES),
        every(FIGURE_FILES),
        rules.judge.output,
        rules.publish.output,
    output:
        "results/manifest.sha256",
    log:
        "results/logs/seal.log",
    conda:
        "../envs/relearn.yaml"
    threads: 1
    params:
        code=CODE["seal"],
    message:
        "seal the manifest"
    script:
        "../scripts/seal.py"


rule track:
    input:
        every(RUN_FILES),
        every("results/provenance/{experiment}/{variant}.json"),
        every(FIGURE_FILES),
        rules.judge.output,
    output:
        "results/mlflow/runs.json",
    log:
        "results/logs/track.log",
    conda:
        "../envs/relearn.yaml"
    threads: 1
    params:
        experiments={
            name: {
                "question": PLAN["experiments"][name]["question"],
                "variants": variants(name),
                "seed_runs": PLAN["experiments"][name]["seed_runs"],
            }
            for name in EXPERIMENTS
        },
        # A digest, because the address of a server may hold a password.
        server=hashlib.sha256(TRACKING_URI.encode()).hexdigest(),
        code=CODE["track"],
    message:
        "track every run into MLflow"
    script:
        "../scripts/track.py"


rule build_report:
    input:
        every(RUN_FILES),
        every(FIGURE_FILES),
        rules.judge.output,
        rules.publish.output,
        rules.track.output,
        REPORT_SOURCES,
        BENCH,
    output:
        shown_first(update("results/report/index.html"), "page"),
        captions="results/report/captions.rst",
    log:
        "results/logs/build_report.log",
    conda:
        "../envs/relearn.yaml"
    threads: 1
    params:
        config=config,
        code=CODE["report"],
    message:
        "build the report"
    script:
        "../scripts/build_report.py"
