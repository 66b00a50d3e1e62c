"""Histograms: how exact they are, and quantiles against sorted lists."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.windows import sparse
from streams.windows.histogram import bucket, quantile, representative, size

durations = st.one_of(st.integers(0, 200), st.integers(0, 90_000), st.integers(0, 2**45))


def histogram_of(values: list[int]) -> dict[int, int]:
    return dict(Counter(bucket(value) for value in values))


@given(durations)
def test_a_bucket_stands_for_its_values_within_one_in_32(value: int) -> None:
    assert abs(representative(bucket(value)) - value) * 32 <= value


def test_small_values_and_zero_have_buckets_of_their_own() -> None:
    assert [representative(bucket(value)) for value in range(33)] == [*range(32), 33]
    assert bucket(-5) == bucket(0)


def test_greater_values_never_have_lesser_buckets() -> None:
    buckets = [bucket(value) for value in range(200_000)]
    assert buckets == sorted(buckets)
    assert set(buckets) == set(range(max(buckets) + 1)), "no bucket is left out"


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([], 50, None),
        ([7], 50, 7),
        ([0, 0, 0, 9], 50, 0),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 50, 5),  # rank 5 of 10
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 50, 6),  # rank 5.5, so 6
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 95, 10),  # rank 9.5, so 10
        (list(range(1, 21)), 95, 19),  # rank 19 of 20, exactly
        ([3, 1, 2], 100, 3),
    ],
)
def test_quantile_is_the_value_at_nearest_rank(values: list[int], percent: int, expected: int | None) -> None:
    assert quantile(histogram_of(values), percent) == expected


@given(st.lists(durations, min_size=1, max_size=200), st.sampled_from([1, 50, 95, 99, 100]))
def test_quantile_is_within_one_in_32_of_the_sorted_list(values: list[int], percent: int) -> None:
    exact = sorted(values)[math.ceil(len(values) * percent / 100) - 1]
    found = quantile(histogram_of(values), percent)
    assert found is not None
    assert abs(found - exact) * 32 <= exact


@given(st.lists(durations), st.lists(durations))
def test_what_was_merged_can_be_subtracted(kept: list[int], passing: list[int]) -> None:
    histogram = histogram_of(kept)
    sparse.merge(histogram, histogram_of(passing))
    assert size(histogram) == len(kept) + len(passing)
    sparse.merge(histogram, histogram_of(passing), -1)
    assert histogram == histogram_of(kept), "no zero is left behind"
