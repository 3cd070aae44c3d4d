// swift-tools-version:6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// Where libFuzzer's archive is, when `Scripts/fuzz.sh` builds: then our own targets count what they execute, and
/// `Tests/FuzzTests` becomes a program instead of a test target.
let fuzzerLibrary = Context.environment["TRAKSENSE_FUZZER_LIBRARY"]

let fuzzing: [SwiftSetting] =
  fuzzerLibrary == nil
  ? [] : [.unsafeFlags(["-O", "-sanitize-coverage=edge,inline-8bit-counters,pc-table,trace-cmp"])]

/// One set of settings for everything that is written by hand.
let strict: [SwiftSetting] =
  fuzzing + [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
  ]

/// Swift Testing's macros expand to code that strict memory safety would warn about.
let strictForTests: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
  name: "traksense",
  products: [
    .executable(name: "traksense", targets: ["traksense"]),
    .executable(name: "protoc-gen-traksense", targets: ["protoc-gen-traksense"]),
    // What a caller needs: TrakSenseAPI re-exports RPCRuntime. Of Debian it takes libnghttp2-dev, libprotobuf-c-dev,
    // zlib1g-dev and pkg-config.
    .library(name: "TrakSenseAPI", targets: ["TrakSenseAPI", "RPCRuntime"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
  ],
  targets: [
    // Layer 0: C libraries.
    .systemLibrary(
      name: "CNGHTTP2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
    .systemLibrary(
      name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
    .systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(
      name: "CMosquitto", pkgConfig: "libmosquitto", providers: [.apt(["libmosquitto-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    // Without pkg-config: gdlib's flags there are some that SwiftPM warns of, and none that are needed.
    .systemLibrary(name: "CGD", providers: [.apt(["libgd-dev"])]),
    .target(name: "CTrakSenseProto", dependencies: ["CProtobufC"]),
    .target(name: "CProtocPlugin", dependencies: ["CProtobufC"]),

    // Layer 1: values, rules, ports; the thread that hosts blocking C libraries; times, bytes and JSON as text.
    .target(name: "TimeText", swiftSettings: strict),
    .target(name: "ByteText", swiftSettings: strict),
    .target(name: "Domain", dependencies: ["TimeText"], swiftSettings: strict),
    .target(name: "DedicatedThread", swiftSettings: strict),
    .target(name: "JSONText", swiftSettings: strict),
    .target(name: "Files", swiftSettings: strict),

    .target(name: "Prometheus", dependencies: [coreMetrics], swiftSettings: strict),
    .target(
      name: "AdminServer",
      dependencies: [
        nioCore, logging,
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strict),

    // Layer 2: the wire, the database, the broker.
    .target(
      name: "RPCRuntime",
      dependencies: [
        "ByteText", nioCore, nioPosix, nioTLS, nioHTTP1, nioSSL, logging, metrics, tracing,
        "CNGHTTP2", "CZlib",
      ],
      swiftSettings: strict),
    .target(
      name: "TrakSenseAPI",
      dependencies: [
        "RPCRuntime", "ByteText", "JSONText", "TimeText", "CTrakSenseProto", "CProtobufC", nioCore,
      ],
      swiftSettings: strict),
    .target(
      name: "Persistence",
      dependencies: ["DedicatedThread", "Domain", "CPostgreSQL", logging],
      swiftSettings: strict),
    .target(
      name: "Credentials",
      dependencies: ["ByteText", "DedicatedThread", "Domain", "JSONText", "COpenSSL"],
      swiftSettings: strict),
    .target(
      name: "Ingest",
      dependencies: ["ByteText", "DedicatedThread", "Domain", "JSONText", "CMosquitto", logging],
      swiftSettings: strict),
    .target(
      name: "Curl", dependencies: ["DedicatedThread", "CCurl"], swiftSettings: strict),
    .target(
      name: "Mail", dependencies: ["ByteText", "Curl", "DedicatedThread", "Domain", "Files"],
      swiftSettings: strict),
    .target(
      name: "ObjectStorage",
      dependencies: ["ByteText", "Credentials", "Curl", "DedicatedThread", "Domain", "Files"],
      swiftSettings: strict),
    .target(
      name: "Imaging", dependencies: ["DedicatedThread", "Domain", "CGD", "CZlib"],
      swiftSettings: strict),

    // Layer 3: what the RPCs do; the browser's way in.
    .target(
      name: "Services",
      dependencies: [
        "TrakSenseAPI", "RPCRuntime", "ByteText", "DedicatedThread", "Domain", "Credentials",
        nioCore, logging,
      ],
      swiftSettings: strict),
    .target(
      name: "RESTBridge",
      dependencies: [
        "TrakSenseAPI", "RPCRuntime", "ByteText", "Credentials", "JSONText", nioCore, logging,
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      resources: [.embedInCode("Page/Files")],
      swiftSettings: strict),

    // Layer 4: commands, configuration, composition.
    .executableTarget(
      name: "traksense",
      dependencies: [
        "Credentials", "DedicatedThread", "Domain", "RPCRuntime", "TrakSenseAPI", "Persistence",
        "Ingest", "Services", "RESTBridge", "DevStack", "Prometheus", "AdminServer", "Curl", "Mail",
        "ObjectStorage", "Imaging", nioCore, nioPosix, logging, metrics,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strict),

    // Tools.
    .target(name: "DevStack", swiftSettings: strict),
    .executableTarget(
      name: "protoc-gen-traksense", dependencies: ["CProtocPlugin", "CProtobufC"],
      swiftSettings: strict),

    // An example for callers; Examples/Swift has a Package.swift of its own for it.
    .executableTarget(
      name: "building-monitor",
      dependencies: [
        "TrakSenseAPI", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Examples/Swift/Sources/building-monitor", swiftSettings: strict),

    // Measured beside peers by `make bench`.
    .target(
      name: "CBenchProto", dependencies: ["CTrakSenseProto", "CProtobufC"],
      path: "Benchmarks/CBenchProto"),
    .target(
      name: "BenchMessages",
      dependencies: [
        "TrakSenseAPI", "RPCRuntime", "JSONText", "CBenchProto", "CTrakSenseProto", "CProtobufC",
        nioCore,
      ],
      path: "Benchmarks/BenchMessages", swiftSettings: strict),
    .executableTarget(
      name: "BenchServer",
      dependencies: [
        "BenchMessages", "Domain", "Prometheus", "RPCRuntime", "Services", "TrakSenseAPI",
        nioPosix, logging,
      ],
      path: "Benchmarks/BenchServer",
      swiftSettings: strict),
    .executableTarget(
      name: "BenchServe",
      dependencies: [
        "BenchMessages", "Credentials", "DedicatedThread", "DevStack", "Domain", "Persistence",
        "RPCRuntime", "Services", "TrakSenseAPI", nioPosix, logging,
      ],
      path: "Benchmarks/BenchServe",
      swiftSettings: strict),

    // Tests.
    .testTarget(name: "DomainTests", dependencies: ["Domain"], swiftSettings: strictForTests),
    .testTarget(
      name: "DedicatedThreadTests", dependencies: ["DedicatedThread"],
      swiftSettings: strictForTests),
    .testTarget(name: "ByteTextTests", dependencies: ["ByteText"], swiftSettings: strictForTests),
    .testTarget(
      name: "CredentialsTests", dependencies: ["Credentials", "ByteText", "Domain"],
      swiftSettings: strictForTests),
    .testTarget(name: "JSONTextTests", dependencies: ["JSONText"], swiftSettings: strictForTests),
    .testTarget(
      name: "RPCRuntimeTests",
      dependencies: [
        "DevStack", "RPCRuntime", "ByteText", "Prometheus", nioCore, nioEmbedded, nioPosix, nioSSL,
        logging,
        metrics, tracing, .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
      ],
      exclude: ["Clients", "Servers"],
      swiftSettings: strictForTests),
    .testTarget(
      name: "PrometheusTests",
      dependencies: [
        "Prometheus", "AdminServer", metrics, nioPosix, logging,
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strictForTests),
    // Messages that only tests need, generated as those of TrakSenseAPI are.
    .target(
      name: "CSampleProto", dependencies: ["CTrakSenseProto", "CProtobufC"],
      path: "Tests/CSampleProto"),
    .target(
      name: "SampleMessages",
      dependencies: [
        "TrakSenseAPI", "RPCRuntime", "JSONText", "CSampleProto", "CTrakSenseProto", "CProtobufC",
        nioCore,
      ],
      path: "Tests/SampleMessages", exclude: ["proto"], swiftSettings: strict),
    .target(
      name: "CInteropProto", dependencies: ["CTrakSenseProto", "CProtobufC"],
      path: "Tests/Interop/CInteropProto"),
    .target(
      name: "InteropMessages",
      dependencies: [
        "TrakSenseAPI", "RPCRuntime", "JSONText", "CInteropProto", "CTrakSenseProto", "CProtobufC",
        nioCore,
      ],
      path: "Tests/Interop/InteropMessages", swiftSettings: strict),
    .executableTarget(
      name: "InteropPeer",
      dependencies: [
        "InteropMessages", "TrakSenseAPI", "RPCRuntime", nioCore, nioPosix, logging,
      ],
      path: "Tests/Interop/InteropPeer", swiftSettings: strict),
    .testTarget(
      name: "InteropTests", dependencies: ["InteropPeer"], swiftSettings: strictForTests),
    .testTarget(
      name: "TrakSenseAPITests",
      dependencies: [
        "TrakSenseAPI", "SampleMessages", "RPCRuntime", "protoc-gen-traksense", nioCore, nioPosix,
        logging,
      ],
      exclude: ["Foreign"],
      swiftSettings: strictForTests),
    .testTarget(
      name: "PersistenceTests", dependencies: ["Persistence", "Domain", "DevStack", logging],
      swiftSettings: strictForTests),
    .testTarget(
      name: "IngestTests", dependencies: ["Ingest", "Domain", "DevStack", "JSONText", logging],
      swiftSettings: strictForTests),
    .testTarget(
      name: "AdapterTests",
      dependencies: [
        "Curl", "DedicatedThread", "DevStack", "Domain", "Files", "Imaging", "Mail",
        "ObjectStorage",
      ],
      exclude: ["Foreign"],
      swiftSettings: strictForTests),
    .testTarget(
      name: "ServicesTests",
      dependencies: [
        "Services", "TrakSenseAPI", "RPCRuntime", "Credentials", "Domain", nioCore, nioSSL, logging,
      ],
      swiftSettings: strictForTests),
    .testTarget(
      name: "RESTBridgeTests",
      dependencies: [
        "RESTBridge", "TrakSenseAPI", "RPCRuntime", "JSONText", nioCore, nioPosix, logging,
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strictForTests),
    .testTarget(
      name: "DocumentationTests", dependencies: ["DevStack", "TrakSenseAPI"],
      swiftSettings: strictForTests),
    .testTarget(
      name: "IntegrationTests",
      dependencies: [
        "DevStack", "Domain", "Persistence", "Services", "TrakSenseAPI", "building-monitor",
        "traksense", logging,
      ],
      exclude: ["Clients"],
      swiftSettings: strictForTests),
  ]
)

let fuzzDependencies: [Target.Dependency] = [
  "RPCRuntime", "TrakSenseAPI", "ByteText", "JSONText", "Imaging", "Ingest", "Services", "Domain",
  "RESTBridge",
  nioCore, nioEmbedded, logging,
]
if let fuzzerLibrary {
  package.targets.append(
    .executableTarget(
      name: "Fuzzer", dependencies: fuzzDependencies, path: "Tests/FuzzTests",
      exclude: ["Replay"], swiftSettings: fuzzing + strictForTests,
      linkerSettings: [.unsafeFlags(["-Xlinker", fuzzerLibrary]), .linkedLibrary("stdc++")]))
} else {
  package.targets.append(
    .testTarget(
      name: "FuzzTests", dependencies: fuzzDependencies, exclude: ["Fuzzer"],
      swiftSettings: strictForTests))
}
