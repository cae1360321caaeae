// swift-tools-version: 6.2
// The package: one product, `espmask`, and the libraries it is made of. What may import what is
// drawn in README.md ("How it is built"); VirtualBoard and DeviceBridge never import each other.

import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")

let package = Package(
    name: "espmask",
    products: [
        .executable(name: "espmask", targets: ["espmask"]),
        .library(name: "ESPImage", targets: ["ESPImage"]),
        .library(name: "DeviceBridge", targets: ["DeviceBridge", "BoardPorts"]),
        .library(name: "VirtualBoard", targets: ["VirtualBoard"]),
        .library(name: "HostInference", targets: ["HostInference"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLibUSB", pkgConfig: "libusb-1.0", providers: [.apt(["libusb-1.0-0-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
        .target(name: "Evaluation", dependencies: ["ESPImage", crypto], swiftSettings: strict),
        .target(name: "Pictures", dependencies: ["CPNG", "CTurboJPEG"], swiftSettings: strict),
        .target(name: "CSerial"),
        .target(name: "ESPImage", dependencies: [crypto], swiftSettings: strict),
        .target(name: "InferenceC"),
        .target(name: "HostInference", dependencies: ["InferenceC"], swiftSettings: strict),
        .target(
            name: "DeviceBridge", dependencies: ["ESPImage", "CZlib", "CLibUSB", "CSerial", crypto, system],
            swiftSettings: strict),
        .target(name: "VirtualBoard", dependencies: ["CZlib", crypto, system], swiftSettings: strict),
        .target(name: "BoardPorts", dependencies: ["DeviceBridge", "VirtualBoard", system], swiftSettings: strict),
        .target(
            name: "HIL",
            dependencies: ["DeviceBridge", "ESPImage", system, crypto, .product(name: "Yams", package: "Yams")],
            swiftSettings: strict),
        .target(
            name: "Toolchain", dependencies: ["ESPImage", "CZlib", crypto, subprocess, system], swiftSettings: strict),
        .executableTarget(
            name: "espmask",
            dependencies: [
                "ESPImage", "HostInference", "DeviceBridge", "VirtualBoard", "BoardPorts", "Toolchain", "Pictures",
                "Evaluation", "HIL", system, crypto,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict),
        .target(
            name: "TestSupport", dependencies: [subprocess, system], path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(
            name: "ESPImageTests", dependencies: ["ESPImage", "TestSupport", crypto, system], exclude: ["Scripts"],
            swiftSettings: strict),
        .testTarget(
            name: "PicturesTests", dependencies: ["Pictures", "TestSupport", system], swiftSettings: strict),
        .testTarget(
            name: "EvaluationTests", dependencies: ["Evaluation", "TestSupport", system, subprocess],
            swiftSettings: strict),
        .testTarget(
            name: "InferenceTests", dependencies: ["InferenceC", "HostInference", "TestSupport", system],
            exclude: ["peers", "Sanitizer"], swiftSettings: strict),
        .target(
            name: "FuzzTargets", dependencies: ["DeviceBridge", "ESPImage"], path: "Tests/FuzzTargets",
            exclude: ["Corpus"], swiftSettings: strict),
        .testTarget(
            name: "DeviceBridgeTests",
            dependencies: [
                "DeviceBridge", "FuzzTargets", "ESPImage", "BoardPorts", "VirtualBoard", "CZlib", "CSerial",
                "TestSupport", crypto,
                system, subprocess,
            ],
            exclude: ["Fuzzer", "Scripts"],
            swiftSettings: strict),
        .testTarget(
            name: "HILTests", dependencies: ["HIL", "DeviceBridge", "TestSupport", system, crypto],
            exclude: ["Scripts"], swiftSettings: strict),
        .testTarget(
            name: "VirtualBoardTests", dependencies: ["VirtualBoard", "TestSupport", system],
            exclude: ["CPU/Programs"], swiftSettings: strict),
        // The sketches' library as far as it is plain C, for the tests alone; firmware compiles the same files itself.
        .target(
            name: "SketchLibraryC", path: "sketches/libraries/Espmask",
            sources: ["src/ModelSlot.c", "src/InputLine.c", "src/InputTransform.c"], publicHeadersPath: "extras/host"),
        .testTarget(
            name: "ToolchainTests",
            dependencies: ["Toolchain", "ESPImage", "SketchLibraryC", "TestSupport", crypto, system],
            exclude: ["Scripts", "StandIns"], swiftSettings: strict),
        .testTarget(
            name: "espmaskTests",
            dependencies: ["espmask", "BoardPorts", "DeviceBridge", "VirtualBoard", "TestSupport", crypto, system],
            exclude: ["Scripts"], swiftSettings: strict),
    ],
    cLanguageStandard: .c11
)

// `make fuzz` alone: libFuzzer brings a main of its own, which no ordinary build has.
if Context.environment["ESPMASK_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "Fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz",
            swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]))
}
