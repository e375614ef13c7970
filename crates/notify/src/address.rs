//! Addresses that are not the public internet: every special range of IPv4 and IPv6, by the registries of IANA.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), bits)
}

/// Returns a range of IPv6 by the first four groups of its address; the rest are zero.
const fn v6(a: u16, b: u16, c: u16, d: u16, bits: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)), bits)
}

/// Addresses of IPv6 that are given out for the public internet; there are special ranges within.
const GLOBAL_UNICAST: IpNet = v6(0x2000, 0, 0, 0, 3);
/// Name of an address of IPv6 outside of all ranges.
const UNASSIGNED: &str = "unassigned";
/// Special ranges, each with its name. An address that embeds another is as special as its range, whatever it embeds.
const SPECIAL: [(IpNet, &str); 46] = [
    (v4(0, 0, 0, 0, 8), "this network"),
    (v4(10, 0, 0, 0, 8), "private"),
    (v4(100, 64, 0, 0, 10), "shared by customers of a carrier"),
    (v4(127, 0, 0, 0, 8), "loopback"),
    (v4(168, 63, 129, 16, 32), "metadata of a cloud"),
    (v4(169, 254, 0, 0, 16), "link-local"),
    (v4(172, 16, 0, 0, 12), "private"),
    (v4(192, 0, 0, 0, 24), "protocol assignments"),
    (v4(192, 0, 2, 0, 24), "documentation"),
    (v4(192, 31, 196, 0, 24), "AS112"),
    (v4(192, 52, 193, 0, 24), "AMT"),
    (v4(192, 88, 99, 0, 24), "relays of 6to4"),
    (v4(192, 168, 0, 0, 16), "private"),
    (v4(192, 175, 48, 0, 24), "AS112"),
    (v4(198, 18, 0, 0, 15), "benchmarks"),
    (v4(198, 51, 100, 0, 24), "documentation"),
    (v4(203, 0, 113, 0, 24), "documentation"),
    (v4(224, 0, 0, 0, 4), "multicast"),
    (v4(255, 255, 255, 255, 32), "broadcast"),
    (v4(240, 0, 0, 0, 4), "reserved"),
    (IpNet::new_assert(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 128), "unspecified"),
    (IpNet::new_assert(IpAddr::V6(Ipv6Addr::LOCALHOST), 128), "loopback"),
    (IpNet::new_assert(IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0)), 96), "mapped from IPv4"),
    (IpNet::new_assert(IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0)), 96), "translated from IPv4"),
    (v6(0, 0, 0, 0, 96), "compatible with IPv4"),
    (v6(0x64, 0xff9b, 0, 0, 96), "NAT64"),
    (v6(0x64, 0xff9b, 1, 0, 48), "local NAT64"),
    (v6(0x100, 0, 0, 0, 64), "discarded"),
    (v6(0x100, 0, 0, 1, 64), "dummy"),
    (v6(0x200, 0, 0, 0, 7), "mapped from NSAP"),
    (v6(0x2001, 0, 0, 0, 32), "Teredo"),
    (v6(0x2001, 2, 0, 0, 48), "benchmarks"),
    (v6(0x2001, 0x10, 0, 0, 28), "ORCHID"),
    (v6(0x2001, 0x20, 0, 0, 28), "ORCHID"),
    (v6(0x2001, 0, 0, 0, 23), "protocol assignments"),
    (v6(0x2001, 0xdb8, 0, 0, 32), "documentation"),
    (v6(0x2002, 0, 0, 0, 16), "6to4"),
    (v6(0x2620, 0x4f, 0x8000, 0, 48), "AS112"),
    (v6(0x3ffe, 0, 0, 0, 16), "6bone"),
    (v6(0x3fff, 0, 0, 0, 20), "documentation"),
    (v6(0x5f00, 0, 0, 0, 16), "segment routing"),
    (v6(0xfc00, 0, 0, 0, 7), "private"),
    (v6(0xfe80, 0, 0, 0, 10), "link-local"),
    (v6(0xfec0, 0, 0, 0, 10), "site-local"),
    (v6(0xff00, 0, 0, 0, 8), "multicast"),
    (v6(0xfe00, 0, 0, 0, 9), "reserved"),
];

/// Returns the name of the special range that an address is in, `None` if it is of the public internet.
pub fn special(address: IpAddr) -> Option<&'static str> {
    let range = SPECIAL.iter().find(|(range, _)| range.contains(&address));
    let is_unassigned = address.is_ipv6() && !GLOBAL_UNICAST.contains(&address);
    range.map(|(_, name)| *name).or(is_unassigned.then_some(UNASSIGNED))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// First and last addresses of ranges, addresses just outside of them, and what they are.
    const TABLE: &[(&str, Option<&str>)] = &[
        ("0.0.0.0", Some("this network")),
        ("0.255.255.255", Some("this network")),
        ("1.0.0.0", None),
        ("1.1.1.1", None),
        ("9.255.255.255", None),
        ("10.0.0.0", Some("private")),
        ("10.255.255.255", Some("private")),
        ("11.0.0.0", None),
        ("100.63.255.255", None),
        ("100.64.0.0", Some("shared by customers of a carrier")),
        ("100.100.100.200", Some("shared by customers of a carrier")),
        ("100.127.255.255", Some("shared by customers of a carrier")),
        ("100.128.0.0", None),
        ("126.255.255.255", None),
        ("127.0.0.1", Some("loopback")),
        ("127.255.255.255", Some("loopback")),
        ("128.0.0.0", None),
        ("168.63.129.15", None),
        ("168.63.129.16", Some("metadata of a cloud")),
        ("169.253.255.255", None),
        ("169.254.0.0", Some("link-local")),
        ("169.254.169.254", Some("link-local")),
        ("169.254.170.2", Some("link-local")),
        ("169.255.0.0", None),
        ("172.15.255.255", None),
        ("172.16.0.0", Some("private")),
        ("172.31.255.255", Some("private")),
        ("172.32.0.0", None),
        ("191.255.255.255", None),
        ("192.0.0.0", Some("protocol assignments")),
        ("192.0.0.192", Some("protocol assignments")),
        ("192.0.1.0", None),
        ("192.0.2.1", Some("documentation")),
        ("192.31.196.1", Some("AS112")),
        ("192.52.193.1", Some("AMT")),
        ("192.88.99.1", Some("relays of 6to4")),
        ("192.167.255.255", None),
        ("192.168.0.0", Some("private")),
        ("192.168.255.255", Some("private")),
        ("192.169.0.0", None),
        ("192.175.48.1", Some("AS112")),
        ("198.17.255.255", None),
        ("198.18.0.0", Some("benchmarks")),
        ("198.19.255.255", Some("benchmarks")),
        ("198.20.0.0", None),
        ("198.51.100.7", Some("documentation")),
        ("203.0.113.7", Some("documentation")),
        ("203.0.114.0", None),
        ("223.255.255.255", None),
        ("224.0.0.1", Some("multicast")),
        ("239.255.255.255", Some("multicast")),
        ("240.0.0.0", Some("reserved")),
        ("255.255.255.254", Some("reserved")),
        ("255.255.255.255", Some("broadcast")),
        ("::", Some("unspecified")),
        ("::1", Some("loopback")),
        ("::2", Some("compatible with IPv4")),
        ("::127.0.0.1", Some("compatible with IPv4")),
        ("::8.8.8.8", Some("compatible with IPv4")),
        ("::ffff:127.0.0.1", Some("mapped from IPv4")),
        ("::ffff:169.254.169.254", Some("mapped from IPv4")),
        ("::ffff:8.8.8.8", Some("mapped from IPv4")),
        ("::ffff:0:127.0.0.1", Some("translated from IPv4")),
        ("::1:0:0:1", Some("unassigned")),
        ("64:ff9b::127.0.0.1", Some("NAT64")),
        ("64:ff9b::a9fe:a9fe", Some("NAT64")),
        ("64:ff9b:0:0:0:1::", Some("unassigned")),
        ("64:ff9b:1::7f00:1", Some("local NAT64")),
        ("64:ff9b:1:ffff:ffff:ffff:ffff:ffff", Some("local NAT64")),
        ("64:ff9b:2::", Some("unassigned")),
        ("100::1", Some("discarded")),
        ("100:0:0:1::1", Some("dummy")),
        ("200::1", Some("mapped from NSAP")),
        ("1fff:ffff::", Some("unassigned")),
        ("2000::", None),
        ("2001::1", Some("Teredo")),
        ("2001:0:7f00:1::", Some("Teredo")),
        ("2001:1::1", Some("protocol assignments")),
        ("2001:2::1", Some("benchmarks")),
        ("2001:10::1", Some("ORCHID")),
        ("2001:2f:ffff::", Some("ORCHID")),
        ("2001:1ff:ffff::", Some("protocol assignments")),
        ("2001:200::", None),
        ("2001:db7:ffff::", None),
        ("2001:db8::1", Some("documentation")),
        ("2001:db9::", None),
        ("2001:4860:4860::8888", None),
        ("2002:7f00:1::", Some("6to4")),
        ("2002:808:808::", Some("6to4")),
        ("2003::", None),
        ("2606:4700:4700::1111", None),
        ("2620:4f:8000::1", Some("AS112")),
        ("3ffe::1", Some("6bone")),
        ("3fff:fff:ffff::", Some("documentation")),
        ("3fff:1000::", None),
        ("4000::", Some("unassigned")),
        ("5f00::1", Some("segment routing")),
        ("5f01::", Some("unassigned")),
        ("fbff::", Some("unassigned")),
        ("fc00::", Some("private")),
        ("fd00:ec2::254", Some("private")),
        ("fe00::1", Some("reserved")),
        ("fe80::1", Some("link-local")),
        ("febf:ffff::", Some("link-local")),
        ("fec0::1", Some("site-local")),
        ("feff:ffff::", Some("site-local")),
        ("ff02::1", Some("multicast")),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some("multicast")),
    ];

    #[test]
    fn special_addresses_and_their_public_neighbours() {
        for (text, name) in TABLE {
            assert_eq!(special(text.parse().expect("an address")), *name, "{text}");
        }
        let of = |range: &IpNet| special(range.network());
        assert!(SPECIAL.iter().all(|(range, _)| of(range).is_some() && special(range.broadcast()).is_some()));
        // Every name is a row of the table, so that none of the ranges could be dropped unnoticed.
        for (range, name) in SPECIAL {
            let is_tried = TABLE.iter().any(|(text, seen)| {
                *seen == Some(name) && range.contains(&text.parse::<IpAddr>().expect("an address"))
            });
            assert!(is_tried, "no row tries {range}, {name}");
        }
    }

    /// Ranges that `docs/delivery.md` lists: those refused, without the allowed ones of its examples.
    fn documented() -> Vec<IpNet> {
        let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/delivery.md");
        let document = std::fs::read_to_string(document).expect("the document");
        let rows =
            document.lines().filter(|line| line.starts_with("| IPv4 |") || line.starts_with("| IPv6 |"));
        let quoted = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
        let parsed = quoted.map(|text| text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)));
        parsed.map(|range| range.expect("a range")).filter(|range| *range != GLOBAL_UNICAST).collect()
    }

    #[test]
    fn the_document_lists_the_ranges() {
        let documented = documented();
        for range in &documented {
            let (first, last) = (special(range.network()), special(range.broadcast()));
            assert!(first.is_some() && last.is_some(), "{range} is refused");
        }
        for (range, name) in SPECIAL {
            let is_outside = range.addr().is_ipv6() && !GLOBAL_UNICAST.contains(&range);
            let is_listed = documented.iter().any(|listed| listed.contains(&range));
            assert!(is_outside || is_listed, "{range}, {name}, is in the document");
        }
    }

    proptest! {
        /// Whatever the standard library knows to be special is special here.
        #[test]
        fn no_address_is_public_here_and_special_in_the_standard_library(bits: u128, v4: u32) {
            let v4 = Ipv4Addr::from(v4);
            if v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_broadcast()
                || v4.is_documentation() || v4.is_unspecified() || v4.is_multicast()
            {
                prop_assert!(special(v4.into()).is_some());
            }
            for v6 in [Ipv6Addr::from(bits), v4.to_ipv6_mapped(), v4.to_ipv6_compatible()] {
                if v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_multicast() || v6.to_ipv4().is_some() {
                    prop_assert!(special(v6.into()).is_some());
                }
            }
        }
    }
}
