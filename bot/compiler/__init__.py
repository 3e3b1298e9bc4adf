"""From what volunteers write to what the core judges by: strict YAML, the policy, the sentences.

Pure as the core is (texts in, values or problems out), and kept out of it, so that the core knows no syntax and no YAML library.
"""
