"""Sampling: answers to problems, from the policy in this process, an OpenAI-compatible server or vLLM."""
