// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

/// The files of the live page and of the API's documentation, by their names below `/static/`.
enum PageAsset: String, Hashable, Sendable, CaseIterable {
  case index = "index.html"
  case readingsScript = "readings.js"
  case sessionScript = "session.js"
  case script = "live.js"
  case style = "live.css"
  case docs = "docs.html"
  case docsScript = "docs.js"
  case docsStyle = "docs.css"
  case chartScript = "dygraph.min.js"
  case chartStyle = "dygraph.min.css"

  var contentType: String {
    switch self {
    case .index, .docs: "text/html; charset=utf-8"
    case .readingsScript, .sessionScript, .script, .docsScript, .chartScript:
      "text/javascript; charset=utf-8"
    case .style, .docsStyle, .chartStyle: "text/css; charset=utf-8"
    }
  }

  /// The page's own files change with the binary, the library only with the system.
  var cacheControl: String {
    switch self {
    case .index, .readingsScript, .sessionScript, .script, .style, .docs, .docsScript, .docsStyle:
      "no-cache"
    case .chartScript, .chartStyle: "max-age=86400"
    }
  }
}

/// Serves the live page and the documentation. Their own files are part of the binary; the chart library is read once from a
/// directory, and the page does without when it is not there.
struct PageFiles: Sendable {
  private let contents: [PageAsset: ByteBuffer]

  /// - Parameter chartLibraryDirectory: holds `dygraph.min.js` and `dygraph.min.css`.
  init(chartLibraryDirectory: String) {
    var contents: [PageAsset: ByteBuffer] = [
      .index: ByteBuffer(bytes: PackageResources.index_html),
      .readingsScript: ByteBuffer(bytes: PackageResources.readings_js),
      .sessionScript: ByteBuffer(bytes: PackageResources.session_js),
      .script: ByteBuffer(bytes: PackageResources.live_js),
      .style: ByteBuffer(bytes: PackageResources.live_css),
      .docs: ByteBuffer(bytes: PackageResources.docs_html),
      .docsScript: ByteBuffer(bytes: PackageResources.docs_js),
      .docsStyle: ByteBuffer(bytes: PackageResources.docs_css),
    ]
    for asset in [PageAsset.chartScript, .chartStyle] {
      if let data = FileManager.default.contents(
        atPath: "\(chartLibraryDirectory)/\(asset.rawValue)")
      {
        contents[asset] = ByteBuffer(bytes: data)
      }
    }
    self.contents = contents
  }

  func response(for asset: PageAsset) -> Response {
    guard let bytes = contents[asset] else {
      return RESTError(
        .notFound, detail: "\(asset.rawValue) is not installed on this server."
      ).response
    }
    return Response(
      status: .ok,
      headers: [
        .contentType: asset.contentType, .cacheControl: asset.cacheControl,
        .contentSecurityPolicy: SecurityHeaders.pagePolicy,
      ],
      body: ResponseBody(byteBuffer: bytes))
  }
}
