"""The story in `test_fleet` is told in its own order, whatever the order of everything else."""


def pytest_collection_modifyitems(items):
    places = [i for i, item in enumerate(items) if item.path.name == "test_fleet.py"]
    for place, item in zip(places, sorted((items[i] for i in places), key=lambda item: item.name), strict=True):
        items[place] = item
