"""Settings that a read-only user may change (readonly=2).

A list of what is allowed, for some settings do what grants can't see: `format_template_row` prints
any file of this machine, `output_format_schema` writes one, `additional_result_filter` is SQL text.
"""

from collections.abc import Iterable

from streams.local.clickhouse.failures import Code, QueryFailure
from streams.local.clickhouse.statement import tokens

_NAMES = frozenset(
    "aggregate_functions_null_for_empty any_join_distinct_right_table_keys asterisk_include_alias_columns "
    "cancel_http_readonly_queries_on_client_close cast_ipv4_ipv6_default_on_conversion_error "
    "cast_keep_nullable cast_string_to_date_time_mode cast_string_to_dynamic_use_inference "
    "connect_timeout convert_query_to_cnf count_distinct_implementation date_time_input_format "
    "date_time_output_format decimal_check_overflow describe_compact_output distinct_overflow_mode "
    "do_not_merge_across_partitions_select_final enable_unaligned_array_join except_default_mode extremes "
    "final formatdatetime_f_prints_single_zero group_by_overflow_mode group_by_use_nulls "
    "http_wait_end_of_query http_response_buffer_size http_write_exception_in_output_format "
    "intersect_default_mode join_algorithm join_any_take_last_row join_default_strictness "
    "join_overflow_mode join_use_nulls joined_subquery_requires_alias legacy_column_name_of_tuple_literal "
    "limit log_comment offset partial_result_on_first_cancel prefer_column_name_to_alias "
    "read_overflow_mode receive_timeout result_overflow_mode send_timeout session_timezone set_overflow_mode "
    "short_circuit_function_evaluation show_table_uuid_in_table_create_query_if_not_nil "
    "sort_overflow_mode timeout_overflow_mode totals_auto_threshold totals_mode transform_null_in "
    "union_default_mode use_client_time_zone use_legacy_to_time use_query_condition_cache "
    "use_uncompressed_cache".split()
)
_BEGINNINGS = ("max_", "min_", "output_format_", "optimize_", "param_")
_NEVER = ("max_memory", "output_format_schema", "output_format_avro_confluent")


def check_settings(names: Iterable[str]) -> None:
    """Raises `QueryFailure` (ACCESS_DENIED) when a read-only user may not change one of `names`."""
    for name in names:
        allowed = name in _NAMES or (name.startswith(_BEGINNINGS) and not name.startswith(_NEVER))
        if not allowed:
            raise QueryFailure.named(
                Code.ACCESS_DENIED,
                f"Not enough privileges: a read-only user may not change the setting {name}.",
            )


def assigned_in(formatted: str) -> set[str]:
    """Every name before an equals sign in a statement that the engine has put in its own form.

    That form has no comments and no exotic quotes, and names of settings stand in it unquoted or in
    backticks. Columns are found too: the caller knows which names are settings.
    """
    found = set()
    previous = ""
    for token in tokens(formatted.encode()):
        if token.text == b"=":
            found.add(previous.strip("`"))
        previous = token.text.decode() if token.kind in ("word", "quoted") else ""
    return found
