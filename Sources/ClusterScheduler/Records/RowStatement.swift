// SPDX-License-Identifier: Apache-2.0
internal import GRDB

/// A statement that writes one row, its values given by the columns' names.
struct RowStatement: Sendable {
    /// By column; a column that is missing is an error, nil is NULL.
    typealias Values = [String: (any DatabaseValueConvertible)?]

    private let sql: String

    /// `columns` are written when the row is new, `updated` also when there is one with its id.
    init(verb: String, table: String, columns: [String], updated: [String] = []) {
        let all = columns + updated
        var sql = "\(verb) INTO \(table) (\(all.joined(separator: ", "))) "
        sql += "VALUES (\(all.map { ":\($0)" }.joined(separator: ", ")))"
        if !updated.isEmpty {
            let changes = updated.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
            sql += " ON CONFLICT (id) DO UPDATE SET \(changes)"
        }
        self.sql = sql
    }

    func execute(in database: Database, _ values: Values) throws {
        try database.cachedStatement(sql: sql).execute(arguments: StatementArguments(values))
    }
}
