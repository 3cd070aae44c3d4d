// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore
import RPCRuntime
import TrakSenseAPI

/// A form with a picture in it.
struct AvatarForm: Sendable {
  static let field = "avatar"

  let boundary: MultipartBoundary
  let limits: RESTBridgeLimits

  var maxBodyBytes: Int { limits.maxAvatarBytes + limits.maxAvatarEnvelopeBytes }

  var tooLarge: RESTError {
    Self.refusal("The file may not be larger than \(limits.maxAvatarBytes) bytes.")
  }

  private static func refusal(_ problem: String) -> RESTError {
    RESTError(field: field, problem)
  }

  /// Sends the picture's bytes as they come.
  /// - Returns: what is wrong with a form of which nothing was sent; nil: all was sent.
  /// - Throws: what is wrong with the rest of it, and what the writer throws.
  func send(
    _ body: RequestBody, to writer: RequestMessageWriter<TraksenseV1.UploadAvatarRequest>
  ) async throws -> RESTError? {
    var reader = MultipartReader(boundary: boundary, limits: .init(total: maxBodyBytes))
    var picture = Picture()
    do {
      for try await chunk in body {
        try reader.append(chunk.readableBytesView)
        while let event = try reader.next() {
          try await take(event, &picture, writer)
        }
      }
      try reader.finish()
    } catch let error as MultipartReader.Failure {
      let refusal = refusal(error)
      if picture.sent == 0 { return refusal }
      throw refusal
    } catch let error as RESTError where picture.sent == 0 {
      return error
    }
    switch picture.place {
    case .missing: return Self.refusal("No file was submitted.")
    case .here, .over:
      guard picture.sent + picture.pending.count > 0 else {
        return Self.refusal("The submitted file is empty.")
      }
      if !picture.pending.isEmpty { try await writer.write(.init(data: picture.pending)) }
      return nil
    }
  }

  /// What has come of the picture.
  private struct Picture {
    enum Place {
      case missing
      case here
      case over
    }

    var place = Place.missing
    var sent = 0
    var pending: [UInt8] = []
  }

  private func take(
    _ event: MultipartReader.Event, _ picture: inout Picture,
    _ writer: RequestMessageWriter<TraksenseV1.UploadAvatarRequest>
  ) async throws {
    switch (event, picture.place) {
    case (.part(let part), let place) where part.name == Self.field:
      guard case .missing = place else { throw Self.refusal("Only one file may be submitted.") }
      guard part.filename != nil else { throw Self.refusal("The submitted data was not a file.") }
      picture.place = .here
    case (.data(let bytes), .here):
      guard picture.sent + picture.pending.count + bytes.count <= limits.maxAvatarBytes else {
        throw tooLarge
      }
      picture.pending += bytes
      while picture.pending.count >= limits.avatarPartBytes {
        let part = Array(picture.pending.prefix(limits.avatarPartBytes))
        picture.pending.removeFirst(part.count)
        try await writer.write(.init(data: part))
        picture.sent += part.count
      }
    case (.partEnd, .here): picture.place = .over
    case (.part, _), (.data, _), (.partEnd, _), (.end, _): break
    }
  }

  private func refusal(_ failure: MultipartReader.Failure) -> RESTError {
    switch failure {
    case .tooLong: tooLarge
    case .malformed(let problem):
      RESTError(.badRequest, detail: "Multipart form parse error - \(problem).")
    }
  }
}
