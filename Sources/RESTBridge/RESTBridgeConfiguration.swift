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
  /// Names of hosts that are the installation's own and no tenant's, in lower case, without port. IP
  /// addresses always are. Default `api` and `localhost`.
  package var publicHosts: Set<String>
  /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. Default none.
  package var trustedProxies: [NetworkRange]
  /// Whether browsers send the session's cookies over HTTPS only. Default true; false is for plain HTTP,
  /// where they would not send them at all.
  package var cookieSecure: Bool
  /// Whether plain requests are sent to HTTPS, but those to `/health` and what devices post to `/ingest`.
  /// Needs a trusted proxy that says which are plain. Default false.
  package var redirectsToHTTPS: Bool
  /// How long browsers that came over HTTPS shall use nothing else, in seconds; 0: they are not told.
  /// Default a year.
  package var hstsSeconds: Int
  /// Directory that holds `dygraph.min.js` and `dygraph.min.css`. Default: where Debian's
  /// `libjs-dygraphs` puts them. When they are missing the page shows a table instead of a chart.
  package var chartLibraryDirectory: String
  /// What a client may cost.
  package var limits: RESTBridgeLimits

  /// - Parameters:
  ///   - host: address or name to bind.
  ///   - port: 0 picks a free one.
  ///   - allowedOrigins: origins that may read answers.
  ///   - publicHosts: hosts of the installation itself.
  ///   - trustedProxies: whose word is taken for where requests come from.
  ///   - cookieSecure: whether cookies are for HTTPS only.
  ///   - redirectsToHTTPS: whether plain requests are sent to HTTPS.
  ///   - hstsSeconds: how long browsers shall use HTTPS only.
  ///   - chartLibraryDirectory: directory of the chart library.
  ///   - limits: what a client may cost.
  package init(
    host: String = "127.0.0.1", port: Int = 8000, allowedOrigins: [String] = [],
    publicHosts: Set<String> = ["api", "localhost"], trustedProxies: [NetworkRange] = [],
    cookieSecure: Bool = true, redirectsToHTTPS: Bool = false, hstsSeconds: Int = 31_536_000,
    chartLibraryDirectory: String = "/usr/share/javascript/dygraphs",
    limits: RESTBridgeLimits = RESTBridgeLimits()
  ) {
    self.host = host
    self.port = port
    self.allowedOrigins = allowedOrigins
    self.publicHosts = publicHosts
    self.trustedProxies = trustedProxies
    self.cookieSecure = cookieSecure
    self.redirectsToHTTPS = redirectsToHTTPS
    self.hstsSeconds = hstsSeconds
    self.chartLibraryDirectory = chartLibraryDirectory
    self.limits = limits
  }
}
