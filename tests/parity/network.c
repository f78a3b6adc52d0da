/* The network: interfaces, addresses, routes, and the sockets that can be opened. */
#include "probe.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static void interfaces(void) {
	struct ifaddrs *first, *each;
	char address[64], mask[64];
	if (getifaddrs(&first) != 0) {
		fprintf(report, "interfaces: %s\n", errno_name(errno));
		return;
	}
	for (each = first; each; each = each->ifa_next) {
		if (!each->ifa_addr) continue;
		int family = each->ifa_addr->sa_family;
		fprintf(report, "interface %s: flags %#x", each->ifa_name, each->ifa_flags);
		if (family == AF_INET)
			fprintf(report, ", address %s/%s",
				inet_ntop(family, &((struct sockaddr_in *)each->ifa_addr)->sin_addr, address, sizeof address),
				inet_ntop(family, &((struct sockaddr_in *)each->ifa_netmask)->sin_addr, mask, sizeof mask));
		else if (family == AF_INET6)
			fprintf(report, ", address %s",
				inet_ntop(family, &((struct sockaddr_in6 *)each->ifa_addr)->sin6_addr, address, sizeof address));
		fputc('\n', report);
	}
	freeifaddrs(first);
}

static void sockets(void) {
	static const struct {
		const char *name;
		int family, type, protocol;
	} kinds[] = {
		{"unix stream", AF_UNIX, SOCK_STREAM, 0},
		{"unix datagram", AF_UNIX, SOCK_DGRAM, 0},
		{"unix seqpacket", AF_UNIX, SOCK_SEQPACKET, 0},
		{"tcp", AF_INET, SOCK_STREAM, 0},
		{"udp", AF_INET, SOCK_DGRAM, 0},
		{"ping", AF_INET, SOCK_DGRAM, IPPROTO_ICMP},
		{"raw icmp", AF_INET, SOCK_RAW, IPPROTO_ICMP},
		{"tcp6", AF_INET6, SOCK_STREAM, 0},
		{"udp6", AF_INET6, SOCK_DGRAM, 0},
		{"ping6", AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6},
		{"raw icmp6", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6},
		{"packet", AF_PACKET, SOCK_RAW, 0},
		{"netlink route", AF_NETLINK, SOCK_RAW, 0},
		{"netlink audit", AF_NETLINK, SOCK_RAW, 9},
		{"netlink uevent", AF_NETLINK, SOCK_RAW, 15},
		{"alg", 38, SOCK_SEQPACKET, 0},
		{"vsock", 40, SOCK_STREAM, 0},
		{"bluetooth", 31, SOCK_RAW, 1},
	};
	for (size_t i = 0; i < COUNT(kinds); i++) {
		int socket_of = socket(kinds[i].family, kinds[i].type, kinds[i].protocol);
		fprintf(report, "socket %s: %s\n", kinds[i].name, outcome(socket_of));
		if (socket_of >= 0) close(socket_of);
	}
}

static void connection(const char *to, int port) {
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	inet_pton(AF_INET, to, &address.sin_addr);
	int from = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error = 0;
	socklen_t size = sizeof error;
	if (connect(from, (struct sockaddr *)&address, sizeof address) != 0) error = errno;
	if (error == EINPROGRESS) {
		struct pollfd wait_for = {.fd = from, .events = POLLOUT};
		error = ETIMEDOUT;
		if (poll(&wait_for, 1, 500) == 1) getsockopt(from, SOL_SOCKET, SO_ERROR, &error, &size);
	}
	fprintf(report, "connect %s:%d: %s\n", to, port, error ? errno_name(error) : "OK");
	close(from);
}

static void binding(int port) {
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	int server = socket(AF_INET, SOCK_STREAM, 0);
	fprintf(report, "bind port %d: %s\n", port, outcome(bind(server, (struct sockaddr *)&address, sizeof address)));
	close(server);
}

void network_facts(void) {
	interfaces();
	lines_of("/proc/net/if_inet6", "if_inet6");
	lines_of("/proc/net/route", "route");
	lines_of("/proc/net/ipv6_route", "ipv6_route");
	sockets();
	/* Discard; and an address that no host has (RFC 5737). */
	connection("127.0.0.1", 9);
	connection("192.0.2.1", 9);
	binding(9);
	binding(4009);
}
