// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Mail
import NIOCore
import RPCRuntime
import Services

struct CheckConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-config",
    abstract: "Check the configuration and print what is in force, without secrets.")

  @OptionGroup var configuration: ConfigurationReader

  func run() async throws {
    let values = try configuration.read()
    let lines: [(Setting, String)] =
      [
        (.databaseURL, "\(values.databaseURL)"),
        (.databaseConnections, "\(values.databaseConnections)"),
        (.timescale, values.usesTimescale ? "auto" : "never"),
        (.mqttURL, "\(values.mqtt)"),
        (.mqttClientID, values.mqttClientID),
        (.mqttGroup, values.mqttGroup ?? "(none)"),
        (.rpcListen, "\(values.rpc)"),
      ] + rpcLines(values.rpcServing) + [
        (.httpListen, "\(values.http)"),
        (.adminListen, "\(values.admin)"),
        (.tenantRate, "\(values.tenantLimits.callsPerSecond ?? 0)"),
        (.tenantCalls, "\(values.tenantLimits.concurrentCalls ?? 0)"),
        (.tenantStreams, "\(values.tenantLimits.concurrentStreams ?? 0)"),
        (.ingestKey, values.ingestKey.map { "\($0)" } ?? "(not set)"),
        (.corsOrigins, values.corsOrigins.joined(separator: ",")),
      ] + accountLines(values.accounts) + webLines(values.web) + mailLines(values.mail)
      + mediaLines(values.media) + [
        (.chartDirectory, values.chartDirectory),
        (.logLevel, "\(values.logLevel)"),
      ]
    for (setting, value) in lines {
      print("\(setting.rawValue)=\(value)  # \(setting.help)")
    }
  }

  private func accountLines(_ accounts: AccountServing) -> [(Setting, String)] {
    [
      (.secretKey, accounts.signing == nil ? "(not set)" : "(set)"),
      (.publicHosts, accounts.publicHosts.sorted().joined(separator: ",")),
      (.tenantBaseDomain, accounts.tenantBaseDomain),
      (.registration, accounts.allowsRegistration ? "open" : "closed"),
      (.frontendURL, accounts.frontendURL),
      (
        .serviceRoles,
        accounts.serviceRoles.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.rawValue)" }
          .joined(separator: ",")
      ),
    ]
  }

  private func webLines(_ web: WebServing) -> [(Setting, String)] {
    [
      (.cookieSecure, "\(web.cookieSecure)"),
      (.sslRedirect, "\(web.redirectsToHTTPS)"),
      (.hstsSeconds, "\(web.hstsSeconds)"),
      (.trustedProxies, "\(web.trustedProxies.count) networks"),
    ]
  }

  private func mailLines(_ mail: MailServing) -> [(Setting, String)] {
    let none = "(none)"
    switch mail {
    case .none: return [(.emailHost, none), (.emailDirectory, none)]
    case .directory(let directory, let sender):
      return [
        (.emailHost, none), (.emailDirectory, directory),
        (.emailSender, sender.address.rawValue),
      ]
    case .server(let server):
      return [
        (.emailHost, server.host), (.emailPort, "\(server.port)"),
        (.emailSecurity, server.encryption.rawValue), (.emailUser, server.user ?? none),
        (.emailSender, server.sender.address.rawValue),
      ]
    }
  }

  private func mediaLines(_ media: MediaServing) -> [(Setting, String)] {
    switch media {
    case .directory(let directory): return [(.mediaDirectory, directory)]
    case .bucket(let bucket): return [(.s3Bucket, "\(bucket)")]
    }
  }

  private func rpcLines(_ serving: RPCServing) -> [(Setting, String)] {
    let (authentication, authorities): (String, String?) =
      switch serving.tls?.files.clientAuthentication ?? .none {
      case .none: ("none", nil)
      case .optional(let file): ("optional", file)
      case .required(let file): ("required", file)
      }
    func seconds(_ time: TimeAmount?) -> String {
      time.map { "\($0.nanoseconds / 1_000_000_000)" } ?? "(never)"
    }
    return [
      (.rpcTLSListen, serving.tls.map { "\($0.address)" } ?? "(none)"),
      (.rpcTLSCertificate, serving.tls?.files.certificateChainFile ?? "(none)"),
      (.rpcTLSKey, serving.tls?.files.privateKeyFile ?? "(none)"),
      (.rpcTLSClientAuthentication, authentication),
      (.rpcTLSClientAuthorities, authorities ?? "(none)"),
      (.rpcUnixSocket, serving.unixSocket ?? "(none)"),
      (.rpcUnixPermissions, String(serving.unixPermissions, radix: 8)),
      (.rpcKeepaliveTime, seconds(serving.keepaliveTime)),
      (.rpcMaxConnectionIdle, seconds(serving.maxConnectionIdle)),
      (.rpcMaxConnectionAge, seconds(serving.maxConnectionAge)),
      (.rpcMaxConnectionAgeGrace, seconds(serving.maxConnectionAgeGrace)),
    ]
  }
}
