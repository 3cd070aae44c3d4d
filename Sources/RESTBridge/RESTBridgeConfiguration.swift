// SPDX-License-Identifier: Apache-2.0

/// What an operator can set about the bridge.
package struct RESTBridgeConfiguration: Sendable {
  /// Address or name to bind. Default `127.0.0.1`.
  package var host: String
  /// Port to bind; 0 picks a free one. Default 8000.
  package var port: Int
  /// Origins (`https://app.example.com`) whose pages may read answers and send credentials. Compared
  /// exactly. Default none: only the bridge's own pages may.
  package var allowedOrigins: [String]
  /// Directory that holds `dygraph.min.js` and `dygraph.min.css`. Default: where Debian's
  /// `libjs-dygraphs` puts them. When they are missing the page shows a table instead of a chart.
  package var chartLibraryDirectory: String
  /// What a client may cost.
  package var limits: RESTBridgeLimits

  /// - Parameters:
  ///   - host: address or name to bind.
  ///   - port: 0 picks a free one.
  ///   - allowedOrigins: origins that may read answers.
  ///   - chartLibraryDirectory: directory of the chart library.
  ///   - limits: what a client may cost.
  package init(
    host: String = "127.0.0.1", port: Int = 8000, allowedOrigins: [String] = [],
    chartLibraryDirectory: String = "/usr/share/javascript/dygraphs",
    limits: RESTBridgeLimits = RESTBridgeLimits()
  ) {
    self.host = host
    self.port = port
    self.allowedOrigins = allowedOrigins
    self.chartLibraryDirectory = chartLibraryDirectory
    self.limits = limits
  }
}
