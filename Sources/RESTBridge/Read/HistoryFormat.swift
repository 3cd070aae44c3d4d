// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// What a history is sent as.
enum HistoryFormat: String, Hashable, Sendable, CaseIterable {
  case json
  case csv

  /// The query's `format`, else CSV for those who accept that and not JSON, else JSON.
  /// - Throws: 400 naming `format` when there is no such format.
  init(_ query: QueryParameters, accept: String?) throws(RESTError) {
    if let name = query.text("format") {
      guard let format = HistoryFormat(rawValue: name) else {
        throw RESTError(field: "format", "Must be json or csv.")
      }
      self = format
      return
    }
    let types = (accept ?? "").split(separator: ",").map { range in
      range.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
    }
    self = types.contains("text/csv") && !types.contains("application/json") ? .csv : .json
  }

  /// - Parameter subject: names the file that browsers offer to save.
  func headers(of subject: HistorySubject) -> HTTPFields {
    switch self {
    case .json: return [.contentType: "application/json", .cacheControl: "no-store"]
    case .csv:
      let name =
        switch subject {
        case .device(let id): id
        case .asset(let tag): tag
        }
      // RFC 6266: the plain form takes few characters.
      let safe = name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "_" }
      return [
        .contentType: "text/csv; charset=utf-8; header=present", .cacheControl: "no-store",
        .contentDisposition: "attachment; filename=\"history-\(String(safe)).csv\"",
      ]
    }
  }
}

/// Names of the keys in rows of JSON.
enum HistoryStyle: Hashable, Sendable {
  /// `timestamp`, `value`, `avg`…
  case plain
  /// What clients of the routes below `/telemetry` look for: `ts`, `bucket`, `avg_value`…
  case client
}
