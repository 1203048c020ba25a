// SPDX-License-Identifier: Apache-2.0

/// The filters that are built in.
enum FilterName: String, CaseIterable, Sendable {
    case trim, upper, lower, capitalize, title, replace, string, safe, length, count, `default`, d, tojson
    case int, float, abs, round, escape, e, forceescape, urlencode, wordcount, center, indent, truncate, format
    case join, first, last, list, items, reverse, map, selectattr, rejectattr, select, reject, attr
    case unique, min, max, sum, sort, dictsort, groupby, batch, slice
    case fromJSON = "from_json"
}

/// The tests of `is` that are built in; those that compare can also be asked for by their signs.
enum TestName: String, CaseIterable, Sendable {
    case defined, undefined, none, string, mapping, sequence, iterable, number, integer, float, boolean, callable
    case odd, even, divisibleby, lower, upper, escaped, sameas
    case `true`, `false`, `in`, eq, ne, lt, le, gt, ge, filter, test

    /// Other names of tests.
    static let synonyms: [String: TestName] = [
        "equalto": .eq, "==": .eq, "!=": .ne, "<": .lt, "lessthan": .lt, "<=": .le, ">": .gt, "greaterthan": .gt,
        ">=": .ge, "None": .none, "True": .true, "False": .false,
    ]

    /// The test that a template names.
    init?(named name: String) {
        guard let test = TestName(rawValue: name) ?? Self.synonyms[name] else { return nil }
        self = test
    }
}

/// The functions that are built in.
enum FunctionName: String, CaseIterable, Sendable {
    case range, namespace, dict
    case raiseException = "raise_exception"
    case strftimeNow = "strftime_now"
}

/// The methods of values that are built in.
enum MethodName: String, CaseIterable, Sendable {
    case strip, lstrip, rstrip, startswith, endswith, split, rsplit, splitlines, partition, rpartition
    case upper, lower, capitalize, title, swapcase, casefold, replace, removeprefix, removesuffix, join, format
    case find, rfind, index, rindex, count, center, ljust, rjust, zfill
    case isdigit, isdecimal, isnumeric, isalpha, isalnum, isspace, islower, isupper, isascii
    case items, keys, values, get, copy, cycle, changed, append
}
