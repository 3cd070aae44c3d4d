// SPDX-License-Identifier: Apache-2.0

import ByteText
import HTTPTypes
import TrakSenseAPI

/// Everything that the bridge answers: its own routes and those of the RPCs. Every path is known with and
/// without a trailing slash, and below `/api`.
struct BridgeRoutes: Sendable {
  /// What a route leads to.
  enum Target: Sendable {
    case page
    /// The page that shows the OpenAPI document.
    case docs
    /// A file of a page: `name`.
    case asset
    /// The OpenAPI document.
    case schema
    case health
    case ingest
    /// Of a device: `device_id`.
    case latest
    /// Of a device, `device_id`, or an asset, `asset_tag`.
    case history(HistoryStyle)
    case stream
    case avatar
    /// A file behind a signed URL: `key`.
    case media
    case call(TranscodedRoute)
  }

  /// One way to something.
  struct Route: Sendable {
    let method: HTTPRequest.Method
    /// Without a slash at its end.
    let path: String
    let target: Target
  }

  /// The routes that are made by hand.
  private static let own: [(HTTPRequest.Method, String, Target)] = [
    (.get, "/", .page),
    (.get, "/docs", .docs),
    (.get, "/schema", .schema),
    (.get, "/static/{name}", .asset),
    (.get, "/health", .health),
    (.post, "/ingest", .ingest),
    (.get, "/ingest/stream", .stream),
    (.get, "/ingest/latest/{device_id}", .latest),
    (.get, "/ingest/history/{device_id}", .history(.plain)),
    (.get, "/ingest/assets/{asset_tag}/history", .history(.plain)),
    (.get, "/telemetry/latest/{device_id}", .latest),
    (.get, "/telemetry/history/{device_id}", .history(.client)),
    (.get, "/telemetry/assets/{asset_tag}/history", .history(.client)),
    (.post, "/auth/avatar", .avatar),
    (.post, "/users/me/avatar", .avatar),
    (.get, "/media/{key=**}", .media),
  ]

  private var tree = RouteTree<Target>()
  /// Routes of RPCs that never answer, because the place was taken: `POST /ingest`.
  private(set) var hidden: [String] = []
  /// All that answer, in order.
  private(set) var listed: [Route] = []

  /// - Parameter routes: those of the RPCs.
  init(_ routes: [HTTPRoute]) {
    for (method, path, target) in Self.own {
      insert(Route(method: method, path: path, target: target))
    }
    for route in routes {
      for binding in route.bindings {
        insert(
          Route(
            method: binding.method, path: binding.path,
            target: .call(TranscodedRoute(route, binding))))
      }
    }
  }

  private mutating func insert(_ route: Route) {
    if tree.insert(route.method, route.path, route.target) {
      listed.append(route)
    } else {
      hidden.append("\(route.method.rawValue) \(route.path)")
    }
  }

  /// - Parameter path: without query, percent-encoded.
  /// - Returns: nil when nothing lives there.
  func place(_ path: String) -> RouteTree<Target>.Place? {
    var parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)[...]
    guard parts.popFirst()?.isEmpty == true else { return nil }
    if parts.last?.isEmpty == true { parts.removeLast() }
    var names: [String] = []
    for part in parts {
      guard let name = PercentDecoding.decode(Substring(part)) else { return nil }
      names.append(name)
    }
    if names.first == "api" { names.removeFirst() }
    return tree.place(names)
  }
}

extension RouteTree.Place {
  /// What may be done there, for `Allow`.
  var allowed: String {
    let order: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
    let known = Set(targets.keys).union(targets[.get] == nil ? [.options] : [.head, .options])
    return order.filter(known.contains).map(\.rawValue).joined(separator: ", ")
  }
}

extension HTTPBinding {
  fileprivate var method: HTTPRequest.Method {
    switch verb {
    case .get: .get
    case .post: .post
    case .put: .put
    case .patch: .patch
    case .delete: .delete
    }
  }
}
