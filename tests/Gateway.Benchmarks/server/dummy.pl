#!/usr/bin/perl
# Stands in for dask-scheduler and dask-worker, so that only the gateway is measured. Perl, because it starts in a few milliseconds and every Debian has it.
#   dummy.pl scheduler FOLDER COUNT ...   listens, sends one heartbeat that asks for COUNT workers, notes its name, token and addresses in FOLDER/scheduler-NAME, sleeps
#   dummy.pl worker FOLDER ...            writes FOLDER/worker-NAME and sleeps
#   dummy.pl nothing                      ends at once: what starting it costs
# Further arguments are those that a gateway adds; DASK_GATEWAY_* are read as the real programs read them.
use strict;
use warnings;
use Socket;

my ($kind, $folder, $count) = @ARGV;

sub note {
    my ($file, $text) = @_;
    open(my $out, ">", "$folder/.$file.$$") or die "$folder: $!";
    print $out $text;
    close($out);
    rename("$folder/.$file.$$", "$folder/$file") or die "$file: $!";
}

if ($kind eq "worker") {
    my $name = $ENV{DASK_GATEWAY_WORKER_NAME} // "";
    for (0 .. $#ARGV - 1) { $name = $ARGV[$_ + 1] if $ARGV[$_] eq "--name"; }
    note("worker-$name", "");
    exec("sleep", "36000");
}

exit 0 if $kind eq "nothing";

my ($name, $url, $token) = @ENV{qw(DASK_GATEWAY_CLUSTER_NAME DASK_GATEWAY_API_URL DASK_GATEWAY_API_TOKEN)};
if ($token =~ m{/}) {
    open(my $in, "<", $token) or die "$token: $!";
    local $/;
    $token = <$in>;
}

# A gateway may check that the addresses are really this process's.
my (@sockets, @ports);
for (1 .. 3) {
    socket(my $socket, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
    bind($socket, sockaddr_in(0, INADDR_LOOPBACK)) or die "bind: $!";
    listen($socket, 16);
    push @sockets, $socket;
    push @ports, (sockaddr_in(getsockname($socket)))[0];
}

my $addresses = qq("scheduler_address":"tls://127.0.0.1:$ports[0]","dashboard_address":"http://127.0.0.1:$ports[1]","api_address":"http://127.0.0.1:$ports[2]");
my $body = qq({$addresses,"count":$count,"active_workers":[],"closing_workers":[],"closed_workers":[]});
my ($host, $port, $path) = $url =~ m{^http://([^:/]+):(\d+)(.*)$} or die "url $url";
socket(my $gateway, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
connect($gateway, sockaddr_in($port, inet_aton($host))) or die "connect: $!";
syswrite($gateway, "POST $path/v1/clusters/$name/heartbeat HTTP/1.1\r\nHost: $host:$port\r\nAuthorization: token $token\r\n"
    . "Content-Type: application/json\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body");
sysread($gateway, my $answer, 4096);
note("scheduler-$name", qq({"name":"$name","token":"$token","addresses":{$addresses},"answer":") . substr($answer // "", 9, 3) . qq("}));
sleep;
