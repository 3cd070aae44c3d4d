// SPDX-License-Identifier: Apache-2.0

/// The names under which settings are found, in the environment or a file. Each may also be spelled with
/// `TRAKSENSE_` in front, which wins.
enum Setting: String, CaseIterable, Sendable {
  case databaseURL = "DB_URL"
  case databaseConnections = "DB_CONNECTIONS"
  case timescale = "TIMESCALE"
  case mqttURL = "EMQX_MQTT_URL"
  case mqttClientID = "MQTT_CLIENT_ID"
  case mqttGroup = "MQTT_GROUP"
  case rpcListen = "RPC_LISTEN"
  case rpcTLSListen = "RPC_TLS_LISTEN"
  case rpcTLSCertificate = "RPC_TLS_CERTIFICATE"
  case rpcTLSKey = "RPC_TLS_KEY"
  case rpcTLSClientAuthentication = "RPC_TLS_CLIENT_AUTH"
  case rpcTLSClientAuthorities = "RPC_TLS_CLIENT_CA"
  case rpcUnixSocket = "RPC_UNIX_SOCKET"
  case rpcUnixPermissions = "RPC_UNIX_PERMISSIONS"
  case rpcKeepaliveTime = "RPC_KEEPALIVE_TIME"
  case rpcMaxConnectionIdle = "RPC_MAX_CONNECTION_IDLE"
  case rpcMaxConnectionAge = "RPC_MAX_CONNECTION_AGE"
  case rpcMaxConnectionAgeGrace = "RPC_MAX_CONNECTION_AGE_GRACE"
  case httpListen = "HTTP_LISTEN"
  case adminListen = "ADMIN_LISTEN"
  case tenantRate = "TENANT_CALLS_PER_SECOND"
  case tenantCalls = "TENANT_CONCURRENT_CALLS"
  case tenantStreams = "TENANT_CONCURRENT_STREAMS"
  case ingestKey = "EMQX_WEBHOOK_SECRET"
  case corsOrigins = "CORS_ALLOWED_ORIGINS"
  case secretKey = "SECRET_KEY"
  case publicHosts = "PUBLIC_HOSTS"
  case tenantBaseDomain = "TENANT_BASE_DOMAIN"
  case registration = "REGISTRATION"
  case frontendURL = "FRONTEND_URL"
  case cookieSecure = "COOKIE_SECURE"
  case sslRedirect = "SECURE_SSL_REDIRECT"
  case hstsSeconds = "SECURE_HSTS_SECONDS"
  case trustedProxies = "TRUSTED_PROXIES"
  case serviceRoles = "RPC_SERVICE_ROLES"
  case emailHost = "EMAIL_HOST"
  case emailPort = "EMAIL_PORT"
  case emailUser = "EMAIL_HOST_USER"
  case emailPassword = "EMAIL_HOST_PASSWORD"
  case emailSecurity = "EMAIL_SECURITY"
  case emailSender = "DEFAULT_FROM_EMAIL"
  case emailDirectory = "EMAIL_DIRECTORY"
  case mediaDirectory = "MEDIA_DIRECTORY"
  case s3Bucket = "AWS_STORAGE_BUCKET_NAME"
  case s3Region = "AWS_S3_REGION_NAME"
  case s3Endpoint = "AWS_S3_ENDPOINT_URL"
  case s3AccessKey = "AWS_ACCESS_KEY_ID"
  case s3SecretKey = "AWS_SECRET_ACCESS_KEY"
  case chartDirectory = "CHART_DIRECTORY"
  case logLevel = "LOG_LEVEL"

  static let prefix = "TRAKSENSE_"

  /// Django's name, where installations that move here have it set already.
  var alias: String? { self == .secretKey ? "DJANGO_SECRET_KEY" : nil }

  /// - Parameter name: without ``prefix``.
  init?(name: String) {
    guard let setting = Self.allCases.first(where: { $0.rawValue == name || $0.alias == name })
    else { return nil }
    self = setting
  }

  var defaultValue: String? {
    switch self {
    case .databaseConnections: "6"
    case .timescale: "auto"
    case .mqttURL: "mqtt://127.0.0.1:1883"
    case .mqttClientID: "traksense-ingest"
    case .rpcListen: "127.0.0.1:50051"
    case .rpcTLSClientAuthentication: "none"
    case .rpcUnixPermissions: "600"
    case .rpcKeepaliveTime: "7200"
    case .rpcMaxConnectionAgeGrace: "300"
    case .httpListen: "127.0.0.1:8000"
    case .adminListen: "127.0.0.1:9464"
    case .tenantRate: "0"
    case .tenantCalls: "1000"
    case .tenantStreams: "10000"
    case .chartDirectory: "/usr/share/javascript/dygraphs"
    case .logLevel: "info"
    case .publicHosts: "api,localhost"
    case .tenantBaseDomain: "localhost"
    case .registration: "open"
    case .frontendURL: "http://localhost:5173"
    case .cookieSecure: "true"
    case .sslRedirect: "false"
    case .hstsSeconds: "31536000"
    case .emailSecurity: "starttls"
    case .emailSender: "traksense@localhost"
    case .mediaDirectory: "media"
    case .s3Region: "us-east-1"
    case .databaseURL, .mqttGroup, .ingestKey, .corsOrigins, .secretKey: nil
    case .trustedProxies, .serviceRoles, .emailHost, .emailPort, .emailUser: nil
    case .emailPassword: nil
    case .emailDirectory, .s3Bucket, .s3Endpoint, .s3AccessKey, .s3SecretKey: nil
    case .rpcTLSListen, .rpcTLSCertificate, .rpcTLSKey, .rpcTLSClientAuthorities: nil
    case .rpcUnixSocket, .rpcMaxConnectionIdle, .rpcMaxConnectionAge: nil
    }
  }

  /// What it is for, in `traksense check-config`.
  var help: String {
    switch self {
    case .databaseURL: "PostgreSQL connection URL; required"
    case .databaseConnections: "connections to PostgreSQL, 1–100"
    case .timescale: "auto: use TimescaleDB where the server has it; never"
    case .mqttURL: "MQTT broker, mqtt://[user[:password]@]host[:port] or mqtts://"
    case .mqttClientID:
      "MQTT client identifier; must stay the same, the broker keeps messages for it"
    case .mqttGroup: "shared subscription group, when several ingest nodes share the load"
    case .rpcListen: "host:port of the gRPC server, cleartext"
    case .rpcTLSListen: "host:port of the gRPC server with TLS; without it there is none"
    case .rpcTLSCertificate:
      "PEM file: certificate, then intermediate ones; read anew when it changes"
    case .rpcTLSKey: "PEM file: private key of the certificate"
    case .rpcTLSClientAuthentication: "client certificates: none, optional or required"
    case .rpcTLSClientAuthorities: "PEM file: certificates that may sign those of clients"
    case .rpcUnixSocket: "path of a unix-domain socket of the gRPC server; without it there is none"
    case .rpcUnixPermissions: "permissions of that socket, octal"
    case .rpcKeepaliveTime: "seconds of silence after which a client is asked whether it is there"
    case .rpcMaxConnectionIdle: "seconds after which a connection without calls is ended"
    case .rpcMaxConnectionAge: "seconds after which a connection is ended, ±10 %"
    case .rpcMaxConnectionAgeGrace: "seconds that its calls may go on for"
    case .httpListen: "host:port of the REST bridge"
    case .adminListen: "host:port of /metrics, /healthz and /readyz, for operators only"
    case .tenantRate: "calls per second that one tenant may begin; 0: not limited"
    case .tenantCalls: "unary calls of one tenant that may run at once; 0: not limited"
    case .tenantStreams: "streams of one tenant that may be open at once; 0: not limited"
    case .ingestKey: "API key for RPC and REST ingest; without it they are refused"
    case .corsOrigins: "comma-separated origins whose pages may call the REST bridge and gRPC-Web"
    case .secretKey:
      "at least 32 characters that sign tokens; several with commas: the first signs, all are believed"
    case .publicHosts: "comma-separated hosts of the installation itself, which are no tenant's"
    case .tenantBaseDomain: "new tenants get the host <slug>.<this>"
    case .registration: "open: whoever comes may make a tenant; closed"
    case .frontendURL: "where links in mails lead; {tenant} stands for the slug"
    case .cookieSecure: "true: browsers send the cookies over HTTPS only; false for plain HTTP"
    case .sslRedirect: "true: the REST bridge sends browsers to HTTPS"
    case .hstsSeconds: "how long browsers remember to use HTTPS only; 0: not at all"
    case .trustedProxies: "comma-separated addresses or networks whose X-Forwarded-… are believed"
    case .serviceRoles:
      "comma-separated NAME=role of client certificates: spiffe://…, DNS name or CN"
    case .emailHost: "SMTP server; without it and without EMAIL_DIRECTORY mails wait"
    case .emailPort: "its port; default: 587, 465 or 25, by EMAIL_SECURITY"
    case .emailUser: "user name there"
    case .emailPassword: "password there"
    case .emailSecurity: "starttls, tls or none"
    case .emailSender: "address that mails come from"
    case .emailDirectory: "folder that mails are written into instead of being sent"
    case .mediaDirectory: "folder of uploaded pictures, when there is no bucket"
    case .s3Bucket: "S3 bucket of uploaded pictures"
    case .s3Region: "its region"
    case .s3Endpoint: "URL of an S3 server other than Amazon's"
    case .s3AccessKey: "access key id of the bucket"
    case .s3SecretKey: "secret access key of the bucket"
    case .chartDirectory: "folder of the dygraphs library"
    case .logLevel: "trace, debug, info, notice, warning, error or critical"
    }
  }
}
