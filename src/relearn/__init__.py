"""A neural-network tutorial, re-run: experiments, verdicts and a report from one pipeline."""
