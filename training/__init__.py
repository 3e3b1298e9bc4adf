"""Training of the embedded toxicity model: prepare, train, evaluate, export, one command each.

Knows the public sets, the written lines and the base weights. Must not be imported by anything under bot/: nothing of
this is needed at run time. Rule: text of the public sets never leaves the git-ignored work folder.
"""
