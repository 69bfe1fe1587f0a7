"""Registers the main account's dialogues, and their rows with the long task of the cluster `llm`."""

from relove import llm_work
from sales import answering
from sales import dialogues as dialogues

llm_work.register(answering.claim, answering.advance_one, "conversation_messages")
