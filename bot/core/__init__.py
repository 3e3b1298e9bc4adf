"""The core: pure functions over frozen data. No I/O, no clock, no randomness, no asyncio, no logging.

model: the words · text: folding, quotations, phrases · signals: what can be measured · source, policy: from YAML to rules ·
judge: message -> verdict · respond: verdict or decision -> response · cases: states · notices: what people read.
"""
