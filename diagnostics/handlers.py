"""What diagnostics leaves to the long task of the cluster `llm`."""

from diagnostics import wording
from relove import llm_work

llm_work.register(wording.claim, wording.advance_one, "diagnostic_results")
