// What makes one board different from another: chip revision, flash, MAC, and the seed of its random numbers.

/// The properties of a virtual board.
public struct BoardProfile: Equatable, Sendable {
    /// A chip revision, as esptool reads it from the eFuses.
    public struct Revision: Equatable, Sendable {
        /// The wafer's major version: 0 to 3.
        public var major: Int
        /// The wafer's minor version: 0 to 3.
        public var minor: Int

        /// Makes a revision from its two numbers.
        public init(major: Int, minor: Int) {
            self.major = major
            self.minor = minor
        }
    }

    /// The board's name, for example `esp32-devkitc-v4`.
    public var name: String
    /// The chip family; `esp32` is the only one there is.
    public var chip: String
    /// The size of the flash chip in bytes.
    public var flashSize: Int
    /// The factory MAC address, six bytes.
    public var mac: [UInt8]
    /// The chip's revision; from 3.0 on it has the boot ROM of 2019.
    public var revision: Revision
    /// The seed of the random number register: the same seed gives the same run.
    public var seed: UInt64

    /// Makes a profile; all but the name have the values of a DevKitC with 4 MB of flash.
    public init(
        name: String, chip: String = "esp32", flashSize: Int = 4 << 20,
        mac: [UInt8] = [0x24, 0x0A, 0xC4, 0x45, 0x53, 0x50], revision: Revision = Revision(major: 3, minor: 0),
        seed: UInt64 = 1
    ) {
        self.name = name
        self.chip = chip
        self.flashSize = flashSize
        self.mac = mac
        self.revision = revision
        self.seed = seed
    }

    /// The profile of one piece of a kind of board; pieces side by side each have a MAC of their own.
    package init(board: String, piece: String?, flashSize: Int) {
        self.init(name: board, flashSize: flashSize)
        mac[5] = (piece ?? "").utf8.reduce(mac[5]) { $0 &* 31 &+ $1 }
    }

    /// An ESP32-DevKitC V4 with 4 MB of flash.
    public static let devKitC = BoardProfile(name: "esp32-devkitc-v4")
}

/// What the strapping pins say when the chip starts.
public enum Strapping: Sendable, CaseIterable {
    /// GPIO0 is high: the ROM starts what is in the flash.
    case flashBoot
    /// GPIO0 is low, as with the boot button held: the ROM waits for a download.
    case download

    // The DevKitC's pulls: GPIO5 and MTDO high, GPIO2 and GPIO4 low, MTDI low (3.3 V flash).
    var word: UInt32 {
        switch self {
        case .flashBoot: 0x13
        case .download: 0x03
        }
    }

    var romName: String {
        switch self {
        case .flashBoot: "SPI_FAST_FLASH_BOOT"
        case .download: "DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2)"
        }
    }
}
