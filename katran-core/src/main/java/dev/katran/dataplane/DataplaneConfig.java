package dev.katran.dataplane;

/**
 * What is fixed when a dataplane is opened.
 *
 * @param maxVips VIPs at most; seeds the hash
 * @param maxBackends backends at most, over all VIPs; they are numbered from 1
 * @param ringSize slots in a ring, a prime; seeds the hash
 * @param maxPacketSize of a frame for a VIP in bytes, Ethernet header included; longer ones drop
 */
public record DataplaneConfig(int maxVips, int maxBackends, int ringSize, int maxPacketSize) {}
