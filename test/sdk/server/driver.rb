# Makes RudderStack's or Segment's SDK for Ruby say what the lines on standard input ask for.
require 'json'
require 'stringio' # RudderStack's uses it, and does not load it
require 'uri'

kind, url, key, user_id, anonymous_id = ARGV
failures = []
on_error = proc { |status, error| failures << "#{status} #{error}" }
client =
  if kind == 'rudderstack'
    require 'rudder-sdk-ruby'
    Rudder::Analytics.new(:write_key => key, :data_plane_url => url, :ssl => false, :on_error => on_error)
  else
    require 'segment/analytics'
    # It uses TLS whatever `ssl` says; the recorder has none.
    plain = Module.new do
      def use_ssl=(_)
        super(false)
      end
    end
    Net::HTTP.prepend(plain)
    to = URI(url)
    Segment::Analytics.new(:write_key => key, :host => to.host, :port => to.port, :on_error => on_error)
  end

names = { 'event' => :event, 'name' => :name, 'properties' => :properties, 'traits' => :traits, 'groupId' => :group_id,
          'previousId' => :previous_id }
$stdin.each_line do |line|
  asked = JSON.parse(line)
  asked['calls'].each do |call|
    message = call['message'].to_h { |name, value| [names.fetch(name), value] }
    message[:anonymous_id] = anonymous_id
    message[:user_id] = user_id if asked['isKnown']
    client.send(call['type'], message)
  end
  client.flush
  puts JSON.generate(:failures => failures)
  $stdout.flush
end
