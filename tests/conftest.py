from hypothesis import Phase, settings

settings.register_profile(
    "ci",
    deadline=None,
    print_blob=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
settings.load_profile("ci")
