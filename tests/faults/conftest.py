"""Products for the fault tests."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.feed import Feed
from tests.faults.product import Product
from tests.faults.sizes import SIZES, Sizes

Make = Callable[..., Product]


@pytest.fixture
def sizes() -> Sizes:
    """How large the faults are."""
    return SIZES


@pytest.fixture
def make(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Make]:
    """Makes a product that has Kafka, ClickHouse, topics and tables, and no role yet."""
    made: list[Product] = []

    def new(name: str = "product", **options: Any) -> Product:
        product = Product(tmp_path / name, **options)
        made.append(product)
        product.tell(request.node.name)
        product.start()
        return product

    yield new
    for product in made:
        product.destroy()


@pytest.fixture
def product(make: Make) -> Product:
    """A product of one broker."""
    return make()


@pytest.fixture
def feed() -> Feed:
    """A feed for the tests of `make test`."""
    return Feed(7, 3000)
