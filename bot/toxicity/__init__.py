"""The scorers: the embedded model (ONNX, int8) that ships with Steward; its weights and their card.

Knows: texts, tokens, weights. Must not know: messages, rules, the store, platforms.
Rules: one text per model run, because dynamic int8 scales over a whole batch; a text's scores depend on the text and the
weights alone; what could not be read is said, never left out.
"""
