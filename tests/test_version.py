import loopcoder


def test_the_package_knows_its_version() -> None:
    assert loopcoder.__version__.count(".") == 2
