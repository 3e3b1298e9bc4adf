"""Checkpoints that all tests here share, made once; and no network: what would be fetched is an error at once."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.detoxify.making import Made


@pytest.fixture(scope="session", autouse=True)
def no_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is fetched, in this process or in any that it starts; nobody's cache is looked into."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("HF_HOME", str(tmp_path_factory.mktemp("hub")))
        patch.setenv("TORCH_HOME", str(tmp_path_factory.mktemp("torch")))
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            patch.setenv(name, "http://127.0.0.1:9")
        yield


@pytest.fixture(scope="session")
def bert(tmp_path_factory: pytest.TempPathFactory) -> "Made":
    from tests.detoxify import making

    return making.bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="session")
def roberta(tmp_path_factory: pytest.TempPathFactory) -> "Made":
    from tests.detoxify import making

    return making.roberta(tmp_path_factory.mktemp("roberta"))


@pytest.fixture(scope="session")
def xlm_roberta(tmp_path_factory: pytest.TempPathFactory) -> "Made":
    from tests.detoxify import making

    return making.xlm_roberta(tmp_path_factory.mktemp("xlm-roberta"))


@pytest.fixture(scope="session", params=["bert", "roberta", "xlm_roberta"])
def checkpoint(request: pytest.FixtureRequest) -> "Made":
    """Each shape that Detoxify's releases have."""
    made: Made = request.getfixturevalue(request.param)
    return made
