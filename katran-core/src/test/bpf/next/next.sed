# The katran.h of a made-up next version: a field more in a VIP's and a backend's entries, so that
# those behind it move and the structs grow, and a counter more, so that the indices of others change.
s/^struct katran_vip {$/&\n\t__u32 made_up;/
s/^struct katran_backend {$/&\n\t__u64 made_up;/
s/^\tKATRAN_PASS,$/&\n\tKATRAN_MADE_UP,/
