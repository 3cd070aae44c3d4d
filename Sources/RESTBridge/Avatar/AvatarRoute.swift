// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore
import RPCRuntime
import TrakSenseAPI

/// `POST /auth/avatar/`: a picture in the file field `avatar` of a form, passed on as it comes.
struct AvatarRoute: Sendable {
  let accounts: TraksenseV1.AccountServiceClient
  let calls: CallOptionsFactory
  let crossSite: CrossSitePolicy
  let limits: RESTBridgeLimits

  /// - Throws: 415 for another type than a form, 400 for a form without a picture or with one that is too
  ///   large, 408 when it does not come in time, 403 when a foreign page sent it, and what the call throws.
  func respond(
    to request: Request, _ caller: Caller, _ context: BridgeContext
  ) async throws -> Response {
    do {
      if caller.cookies.access != nil { try crossSite.check(request) }
      let query = try QueryParameters(request.uri.query, known: [:])
      guard let boundary = MultipartBoundary(contentType: request.headers[.contentType]) else {
        let type = request.headers[.contentType] ?? ""
        throw RESTError(
          .unsupportedMediaType, detail: "Unsupported media type \"\(type)\" in request.")
      }
      let form = AvatarForm(boundary: boundary, limits: limits)
      if let length = request.headers[.contentLength].flatMap({ Int($0) }),
        length > form.maxBodyBytes
      {
        throw form.tooLarge
      }
      let options = calls.options(
        for: request, caller, tenant: query.text(QueryParameters.tenant),
        timeout: limits.avatarTimeout + calls.timeout)
      return Response(json: try await upload(request.body, form, options).json)
    } catch {
      // The rest of the body is of no use to anybody.
      context.close(after: limits.refusedBodyLinger)
      throw Self.closing(error)
    }
  }

  /// Tells the client that the connection is of no further use. What is to be logged stays as it is.
  private static func closing(_ error: any Error) -> any Error {
    guard var refusal = error as? RESTError ?? (error as? RPCError).map({ RESTError($0) }),
      refusal.status.kind == .clientError
    else { return error }
    refusal.headers[.connection] = "close"
    return refusal
  }

  private func upload(
    _ body: RequestBody, _ form: AvatarForm, _ options: CallOptions
  ) async throws -> TraksenseV1.AvatarResponse {
    var refusal: (any Error)?
    do {
      let response = try await accounts.uploadAvatar(options: options) {
        writer async throws(RPCError) in
        do {
          refusal = try await BodyReader.within(limits.avatarTimeout) {
            try await form.send(body, to: writer)
          }
        } catch let error as RPCError {
          throw error
        } catch {
          refusal = error
          // Ends the call before its last message, so that half a picture is never taken for a whole one.
          throw RPCError(.aborted, "the form is not whole")
        }
      }
      if let refusal { throw refusal }
      return response
    } catch let error as RPCError {
      switch error.code {
      // Who may not do it hears that first.
      case .unauthenticated, .permissionDenied: throw error
      default: throw refusal ?? Self.named(error)
      }
    }
  }

  /// The service's error in terms of the form.
  private static func named(_ error: RPCError) -> RPCError {
    var error = error
    error.violations = error.violations.map {
      $0.field == "data" ? FieldViolation(field: AvatarForm.field, description: $0.description) : $0
    }
    return error
  }
}
