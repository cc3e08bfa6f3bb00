# A Rails application with its encrypted cookie store, on WEBrick. Debian has Rails 6.1, whose key
# generator uses SHA-1; DIGEST=SHA256 makes it use what Rails 7 does.

require "logger"
require "rails"
require "action_controller/railtie"
require "rack/handler/webrick"

DIGEST = ENV.fetch("DIGEST")

class KeyGenerator
  def initialize(secret)
    @secret = secret
  end

  def generate_key(salt, key_size = 64)
    OpenSSL::PKCS5.pbkdf2_hmac(@secret, salt, 1000, key_size, OpenSSL::Digest.new(DIGEST))
  end
end

class App < Rails::Application
  config.load_defaults 6.1
  config.eager_load = false
  config.consider_all_requests_local = true
  config.logger = Logger.new($stderr)
  config.log_level = :fatal
  config.secret_key_base = ENV.fetch("SESSION_KEY")
  config.session_store :cookie_store, key: "_app_session"
  config.action_dispatch.cookies_serializer = :json
  config.hosts.clear
  config.root = __dir__

  unless DIGEST == "SHA1"
    def key_generator
      @key_generator ||= ActiveSupport::CachingKeyGenerator.new(KeyGenerator.new(secret_key_base))
    end
  end
end

App.initialize!

class SessionsController < ActionController::Base
  skip_forgery_protection

  def show
    render json: JSON.generate(session.to_hash)
  end

  def update
    reset_session
    JSON.parse(request.raw_post).each { |key, value| session[key] = value }
    show
  end
end

App.routes.draw do
  get "/session", to: "sessions#show"
  put "/session", to: "sessions#update"
end

quiet = WEBrick::Log.new($stderr, WEBrick::Log::FATAL)
server = WEBrick::HTTPServer.new(BindAddress: "127.0.0.1", Port: 0, Logger: quiet, AccessLog: [])
server.mount("/", Rack::Handler::WEBrick, App)
$stdout.puts(server.config[:Port])
$stdout.flush
Thread.new do
  $stdin.read
  exit!
end
server.start
