"""A local OpenAI-compatible server that knows the pocket exactly: four models that need no weights.

It sees messages alone, as any server does, and finds its problem by pixels or by what stands between the tags of
the shipped templates (`synergy/data/pipeline/templates`).
"""
