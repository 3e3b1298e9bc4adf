"""Reading: what a disguised text says. Pure but for `wordlist`, which reads the lists that ship; the core asks for it as a `Reader`.

vocabulary: which words there are and how they are hidden · pairs: which word follows which · guesses: the ways in which a word is
disguised, and what each costs · channel: the likeliest words behind disguised ones · signs: what stands for letters · alphabets: letters of
other scripts drawn for ours · marks: signs around, within and between words · disguises: whole texts · edits: the way back · wordlist: the
lists.
"""
