"""Reading: what a disguised text says. Pure but for `wordlist`, which reads the list that ships; the core asks for it as a `Reader`.

vocabulary: which words there are and how they are hidden · signs: what stands for letters · disguises: whole texts ·
wordlist: the list.
"""
